"""The moments of jobs, shared by processes through a mapped file."""

import subprocess
import sys
from pathlib import Path

from bench.queues.marks import Marks

ROOT = Path(__file__).parents[3]


def test_marks_know_what_was_sent_and_what_ran(tmp_path: Path) -> None:
    marks = Marks.create(tmp_path / "marks", 3)

    marks.sent(0)
    marks.started(0)
    marks.started(0)

    first, second, _ = marks.all()
    assert 0 < first.sent <= first.started
    assert first.runs == 2
    assert second.started == 0
    assert marks.any_started()


def test_marks_tell_the_first_job_that_did_not_run(tmp_path: Path) -> None:
    marks = Marks.create(tmp_path / "marks", 3)
    assert marks.first_not_started() == 0

    for number in (0, 2):
        marks.started(number)
    assert marks.first_not_started() == 1

    marks.started(1)
    assert marks.first_not_started(1) == 3


def test_another_process_marks_the_same_file(tmp_path: Path) -> None:
    marks = Marks.create(tmp_path / "marks", 2)
    program = "import pathlib, sys; from bench.queues.marks import Marks; Marks(pathlib.Path(sys.argv[1])).started(1)"

    other = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "marks")], cwd=ROOT)

    assert other.wait(30) == 0
    assert marks.is_started(1)
    assert not marks.is_started(0)
    assert marks.all()[1].process == other.pid
