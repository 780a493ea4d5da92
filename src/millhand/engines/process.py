"""Outside programs under supervision: started, limited in time and memory, ended with everything they started.

On POSIX a small guard process (`guard.py`) is the program's parent, so that the program dies with millhand even when
millhand is killed without notice. On Windows a job object does the same.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, TypeAlias

import psutil

from millhand.engines import programs, windows_job
from millhand.engines.environment import inherited
from millhand.engines.meter import TreeMeter, descendants

StopReason: TypeAlias = Literal["time", "memory", "cancelled"]

_GUARD_SECONDS = 2.0
_SAMPLE_EVERY = 0.05  # seconds
_LINE = 200  # characters
_OUTPUT_TAIL = 4000  # bytes of what a program said that are worth keeping


@dataclass(frozen=True)
class ProcessLimits:
    """What a process tree may use: wall time in seconds, resident memory in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Order:
    """A program to start: absolute path and arguments, folder, environment, and what it may reach.

    If `writable` names folders, the program reads only `readable`, writes only `writable`, and makes sockets also in
    `sockets`, where the kernel can enforce that; with `no_network` it reaches no address, under the same condition.
    """

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    no_network: bool = False
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    sockets: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code (None if it was stopped), what it used, and the last that it said."""

    exit_code: int | None
    stopped_by: StopReason | None
    seconds: float
    cpu_seconds: float
    peak_memory: int
    output: str


class Supervised:
    """A running outside program. `kill` ends its whole tree and waits for it; it may be called any number of times."""

    def __init__(self, order: Order, output: IO[bytes] | int = subprocess.DEVNULL) -> None:
        self._process = _start(order, output)
        self._job = windows_job.holding(self._process.pid) if sys.platform == "win32" else None
        self._ending = threading.Lock()

    @property
    def pid(self) -> int:
        """The process id of the tree's root: the guard on POSIX, the program on Windows."""
        return self._process.pid

    def wait(self, timeout: float) -> int | None:
        """The exit code, or None if the program still runs after `timeout` seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End the program and everything it started."""
        with self._ending:
            if self._process.stdin is not None:
                # The guard ends and buries everything at once when its input closes.
                self._process.stdin.close()
            if self._process.stdin is None or self.wait(_GUARD_SECONDS) is None:
                kill_tree(self._process.pid)
            if self._job is not None:
                self._job.close()
            self._process.wait()


def run(order: Order, limits: ProcessLimits, cancelled: Callable[[], bool], said: Path) -> Ended:
    """Run a program to its end, or until a limit or a cancellation stops it; what it says goes to the file `said`."""
    began = time.monotonic()
    with said.open("wb") as output:
        program = Supervised(order, output)
    meter = TreeMeter(program.pid)
    try:
        stopped_by = watch(meter, limits, cancelled, lambda seconds: program.wait(seconds) is not None)
        exit_code = program.wait(0) if stopped_by is None else None
    finally:
        program.kill()
    return Ended(
        exit_code=exit_code,
        stopped_by=stopped_by,
        seconds=time.monotonic() - began,
        cpu_seconds=meter.cpu_seconds,
        peak_memory=meter.peak_memory,
        output=tail(said),
    )


def watch(
    meter: TreeMeter, limits: ProcessLimits, cancelled: Callable[[], bool], ended: Callable[[float], bool]
) -> StopReason | None:
    """Wait for a process tree, measuring it: None when it `ended`, else the reason to stop it now.

    `ended` waits at most the given number of seconds and says whether the tree has ended.
    """
    deadline = time.monotonic() + limits.seconds
    while not ended(min(_SAMPLE_EVERY, max(0.0, deadline - time.monotonic()))):
        if meter.sample().memory > limits.memory:
            return "memory"
        if cancelled():
            return "cancelled"
        if time.monotonic() >= deadline:
            return "time"
    return None


def kill_tree(pid: int) -> None:
    """Kill a process and all its descendants, at once and without asking. Does nothing if it is gone."""
    if sys.platform == "win32":
        subprocess.run([windows_job.TASKKILL, "/T", "/F", "/PID", str(pid)], check=False, capture_output=True)
        return
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        # Stopped first, so that no new child appears between listing and killing.
        root.suspend()
        for process in [*descendants(root), root]:
            with contextlib.suppress(psutil.Error):
                process.kill()


def tail(path: Path) -> str:
    """The last few lines of a file, or nothing if it can't be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _OUTPUT_TAIL))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def first_line(path: Path) -> str:
    """The first words in a file, short enough for a message: after them often comes a stack trace."""
    return next((line.strip()[:_LINE] for line in tail(path).splitlines() if line.strip()), "")


def _start(order: Order, output: IO[bytes] | int) -> "subprocess.Popen[bytes]":
    environment = {**inherited(), **order.environment}
    if sys.platform == "win32":
        return subprocess.Popen(
            order.command,
            cwd=order.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW,
        )
    told = {
        "command": list(order.command),
        "no_network": order.no_network,
        "readable": [str(path) for path in order.readable],
        "writable": [str(path) for path in order.writable],
        "sockets": [str(path) for path in order.sockets],
    }
    return subprocess.Popen(
        programs.command("millhand.engines.guard", json.dumps(told)),
        cwd=order.folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
