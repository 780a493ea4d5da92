"""The public API is typed so that mistakes are seen before anything runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_IGNORED = re.compile(r"  # pyright: ignore\[.*\]$", re.MULTILINE)


def errors_in(path: Path) -> dict[int, str]:
    """What pyright says of a file, by line."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--project", str(ROOT), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {each["range"]["start"]["line"] + 1: each["message"] for each in found if each["severity"] == "error"}


def test_what_is_right_is_accepted() -> None:
    assert errors_in(HERE / "accepts.py") == {}


def test_what_is_wrong_is_refused_line_by_line(tmp_path: Path) -> None:
    text = (HERE / "rejects.py").read_text()
    wrong = {number for number, line in enumerate(text.splitlines(), 1) if _IGNORED.search(line)}
    (tmp_path / "rejects.py").write_text(_IGNORED.sub("", text))
    found = errors_in(tmp_path / "rejects.py")
    assert len(wrong) > 10
    assert found.keys() == wrong, found
