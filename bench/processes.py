"""Start a program for measuring, weigh its process tree, and end it whole."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Weight:
    """What a process tree holds and uses.

    Bytes resident (shared pages counted by each process), bytes in proportion (shared pages divided among their
    users), seconds of CPU so far, and the number of its processes.
    """

    resident: int
    proportional: int
    cpu_seconds: float
    processes: int


@contextmanager
def running(
    commands: Sequence[Sequence[str]], folder: Path, environment: Mapping[str, str]
) -> Iterator[list[psutil.Process]]:
    """Run programs side by side, each in a session of its own; end them and all that they started."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number, command in enumerate(commands):
            with (folder / f"said-{number}.txt").open("ab") as said:
                started.append(
                    subprocess.Popen(
                        command, cwd=folder, env=environment, stdout=said, stderr=said, start_new_session=True
                    )
                )
        yield [psutil.Process(program.pid) for program in started]
    finally:
        for program in started:
            _end(program)


def is_alive(program: psutil.Process) -> bool:
    """Whether it still runs."""
    try:
        return program.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def weigh(programs: Sequence[psutil.Process]) -> Weight:
    """The weight of these programs and all processes under them."""
    tree = list(_tree(programs))
    memory = [memory_of(process) for process in tree]
    return Weight(
        resident=sum(resident for resident, _ in memory),
        proportional=sum(proportional for _, proportional in memory),
        cpu_seconds=sum(_cpu(process) for process in tree),
        processes=len(tree),
    )


def memory_of(process: psutil.Process) -> tuple[int, int]:
    """Its bytes resident, and in proportion; zeros when it is gone."""
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0, 0
    return memory.rss, getattr(memory, "pss", memory.rss)


def _tree(programs: Sequence[psutil.Process]) -> Iterator[psutil.Process]:
    for program in programs:
        yield program
        with suppress(psutil.NoSuchProcess):
            yield from program.children(recursive=True)


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def _end(program: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then kill what is left of its tree."""
    try:
        tree = list(_tree([psutil.Process(program.pid)]))
    except psutil.NoSuchProcess:
        tree = []
    program.terminate()
    deadline = time.monotonic() + _GRACE
    with suppress(subprocess.TimeoutExpired):
        program.wait(_GRACE)
    psutil.wait_procs(tree, timeout=max(0.0, deadline - time.monotonic()))
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()
