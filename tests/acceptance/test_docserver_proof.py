"""The example of the document server, with few letters: a worker that hangs and dies, an outage, and the client."""

import subprocess
import sys

import pytest

from millhand.testing.s3 import s3_program
from tests.docs.pages import ROOT
from tests.support import needs_soffice, skip_or_fail

pytestmark = [pytest.mark.timeout(400)]


@needs_soffice
def test_all_that_the_example_checks_holds() -> None:
    """It takes the better part of a minute, most of it waiting: for a lease that runs out, and for nobody to answer."""
    if s3_program() is None:
        skip_or_fail("SeaweedFS is not installed (scripts/setup dev)")
    command = [sys.executable, "-m", "examples.docserver.proof", "--letters", "8", "--outage", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=390, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✖" not in done.stdout
