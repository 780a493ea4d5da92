"""The engines work within what a worker's unit leaves them of the system."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from millhand.deploy.hardening import Engines
from tests.integration.deploy.confined import LIBRARY, allowed
from tests.support import skip_or_fail

ROOT = Path(__file__).parents[3]
SECONDS = 100

pytestmark = pytest.mark.needs("systemd-analyze")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux confines them")
@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("office", marks=pytest.mark.needs("soffice")),
        pytest.param("browser", marks=pytest.mark.needs("chromium")),
    ],
)
def test_an_engine_works_with_the_system_calls_of_the_unit(engine: str, tmp_path: Path) -> None:
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        skip_or_fail(f"{LIBRARY} is not installed")
    command = [sys.executable, "-m", "tests.integration.deploy.confined", engine, str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert ended.returncode == 0, ended.stderr


def test_what_changes_the_machine_is_not_among_them() -> None:
    dangerous = {"mount", "reboot", "swapon", "init_module", "kexec_load", "settimeofday", "ptrace", "bpf"}
    assert not allowed(Engines(browser=True)) & dangerous
    assert not allowed(Engines(browser=False)) & {"chroot", "setuid", "chown"}
