"""millhand's other kinds work without pypdfium2; converting a document then says which extra is missing."""

import subprocess
import sys

_PROGRAM = """
import sys
sys.modules["pypdfium2"] = None
from pathlib import Path
from millhand.app.loading import load_app
from millhand.core.errors import EngineMissing
from millhand.handlers.documents.pdf_check import check

print(*sorted(kind.name for kind in load_app("").registry))
try:
    check(Path("any.pdf"))
except EngineMissing as error:
    print(error.code, error.hint)
"""


def test_the_extra_is_named() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    kinds, told = done.stdout.splitlines()
    assert {"page.export", "export-map"} <= set(kinds.split()), done.stderr
    assert told.startswith("pypdfium2_missing")
    assert "millhand[documents]" in told
