"""The examples do what they say, each with a worker as its first lines tell to start it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from millhand.demo import samples
from tests.docs.pages import ROOT
from tests.support import needs_soffice

pytestmark = pytest.mark.usefixtures("uncounted")

PROGRAMS = Path(sys.executable).parent
WITHIN = 120.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the examples in it, where the queue and all files of a test are."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@contextmanager
def worker(folder: Path, *options: str) -> Generator[None]:
    """`millhand worker` for as long as the block lasts."""
    command = [PROGRAMS / "millhand", "worker", *options]
    with subprocess.Popen(command, cwd=folder, env=_environment(), stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def output(folder: Path, *command: str) -> str:
    """What a command writes to standard output; it must end well."""
    done = subprocess.run(
        [PROGRAMS / command[0], *command[1:]],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        text=True,
        timeout=WITHIN,
        check=True,
    )
    return done.stdout


def test_word_count(folder: Path) -> None:
    with worker(folder, "--app", "examples/word_count.py"):
        told = output(folder, "python", "examples/word_count.py", "examples/texts")
    assert told.split() == ["50", "crow.txt", "41", "fox.txt", "25", "tortoise.txt"]


def test_nightly_report(folder: Path) -> None:
    app = ("--app", "examples/nightly_report.py")
    with worker(folder, *app):
        assert output(folder, "millhand", "enqueue", "report.write", _REPORT_ARGS, "--wait", *app)
        listed = output(folder, "millhand", "schedules", "list", *app)
        job_id = output(folder, "millhand", "schedules", "run", "nightly-report", *app).split()[0]
        output(folder, "millhand", "jobs", "wait", job_id, "--timeout", "1m", *app)
    assert "nightly-report" in listed
    assert (folder / "reports" / "nightly.txt").read_text().startswith("files: ")


@needs_soffice
def test_convert_folder(folder: Path) -> None:
    documents = folder / "documents"
    documents.mkdir()
    for sample in samples():
        if sample.name in {"hebrew-notice.docx", "essay-with-notes.docx"}:
            shutil.copy(sample, documents)
    (documents / "broken.docx").write_bytes(b"PK\x03\x04 and no more")
    with worker(folder, "--executors", "1"):
        told = output(folder, "python", "examples/convert_folder.py", "documents").splitlines()
    assert told[0].startswith("broken.docx: not converted: ")
    assert [line.partition(",")[0] for line in told[1:]] == [
        "essay-with-notes.docx: 4 pages",
        "hebrew-notice.docx: 1 pages",
    ]
    assert (documents / "hebrew-notice.pdf").read_bytes().startswith(b"%PDF-")


def test_customer_limits(folder: Path) -> None:
    with worker(folder, "--app", "examples/customer_limits.py", "--executors", "2"):
        told = output(folder, "python", "examples/customer_limits.py").splitlines()
    assert told == [
        "big: 40 letters, at most 1 at a time",
        "small: 4 letters, at most 1 at a time",
        "small was served first",
    ]


def test_every_example_is_listed_and_tested() -> None:
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    tested = Path(__file__).read_text(encoding="utf-8")
    for path in (ROOT / "examples").glob("*.py"):
        assert f"({path.name})" in listed
        assert f"def test_{path.stem}(" in tested


_REPORT_ARGS = '{"folder": "examples", "target": "reports/by-hand.txt"}'


def _environment() -> dict[str, str]:
    here = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    return {**here, "MILLHAND_HTTP__PORT": "0", "MILLHAND_LOG__LEVEL": "warning"}
