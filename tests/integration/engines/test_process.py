"""Outside programs end when they are told to, with all that they started, and say how it went."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from millhand.engines.process import Ended, Order, ProcessLimits, Supervised, run
from tests.support import wait_until

ENOUGH = ProcessLimits(seconds=30, memory=1 << 30)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="starts a POSIX shell")


def never() -> bool:
    return False


def shell(folder: Path, script: str, limits: ProcessLimits = ENOUGH, cancelled: Callable[[], bool] = never) -> Ended:
    program = shutil.which("sh")
    assert program is not None
    return run(Order((program, "-c", script), folder), limits, cancelled, folder / "said.txt")


def python(folder: Path, script: str, limits: ProcessLimits) -> Ended:
    return run(Order((sys.executable, "-c", script), folder), limits, never, folder / "said.txt")


def test_a_program_ends_by_itself(tmp_path: Path) -> None:
    ended = shell(tmp_path, "echo first; echo last >&2; exit 3")
    assert (ended.exit_code, ended.stopped_by, ended.output) == (3, None, "first\nlast")


def test_a_program_killed_by_a_signal(tmp_path: Path) -> None:
    assert shell(tmp_path, "kill -9 $$").exit_code == 128 + 9


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    ended = run(Order(("/no/such/program",), tmp_path), ENOUGH, never, tmp_path / "said.txt")
    assert ended.exit_code == 127
    assert "cannot start" in ended.output


def test_the_time_limit_ends_the_whole_tree(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = shell(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; sleep 60", ProcessLimits(0.5, 1 << 30))
    assert ended.stopped_by == "time"
    assert time.monotonic() - began < 3
    assert not psutil.pid_exists(int((tmp_path / "child").read_text()))


@pytest.mark.needs("setsid")
def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    left = tmp_path / "left"
    ended = shell(tmp_path, f"setsid sh -c 'echo $$ > {left}; sleep 60' & while [ ! -s {left} ]; do sleep 0.01; done")
    assert ended.exit_code == 0
    wait_until(lambda: not psutil.pid_exists(int(left.read_text())), what="the daemon's end")


def test_the_memory_limit_counts_the_tree(tmp_path: Path) -> None:
    hungry = "import time; kept = bytearray(300 << 20); time.sleep(60)"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hungry!r}])"
    ended = python(tmp_path, script, ProcessLimits(seconds=30, memory=250 << 20))
    assert ended.stopped_by == "memory"
    assert ended.peak_memory > 250 << 20


def test_cancelling_ends_it(tmp_path: Path) -> None:
    assert shell(tmp_path, "sleep 60", cancelled=lambda: True).stopped_by == "cancelled"


def test_killing_twice_is_fine(tmp_path: Path) -> None:
    program = shutil.which("sleep")
    assert program is not None
    running = Supervised(Order((program, "60"), tmp_path))
    assert running.wait(0) is None
    running.kill()
    running.kill()
    assert not psutil.pid_exists(running.pid)


def test_a_program_learns_no_secret_from_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLHAND_HTTP__KEY", "opensesame")
    monkeypatch.setenv("SHOP_PASSWORD", "opensesame")
    said = tmp_path / "said.txt"
    order = Order(("/usr/bin/env",), tmp_path, {"GIVEN": "yes"})
    assert run(order, ProcessLimits(10, 1 << 30), lambda: False, said).exit_code == 0
    assert "GIVEN=yes" in said.read_text()
    assert "opensesame" not in said.read_text()
