"""Keeping one child process running until told to stop: the loop inside a Windows service."""

import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_CONFIGURATION = 2
"""The exit code with which millhand says that trying again mends nothing."""

_LOOK_EVERY = 0.2
_LARGE = 20_000_000  # bytes of a log


@dataclass(frozen=True, slots=True)
class Kept:
    """What to keep running: a command in a folder, what asks it to stop, and how long it may take, in seconds.

    What it says is added to the file `log`, of which the one before is kept when it has grown large.
    """

    command: Sequence[str]
    folder: Path
    interrupt: Callable[["subprocess.Popen[bytes]"], None]
    stop_seconds: float
    log: Path
    restart_seconds: float = 5.0
    flags: int = 0


class Keeper:
    """Runs the command again whenever it ends by itself; `stop` may be called from any thread."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask the child to end, and start no other."""
        self._stopping.set()

    def run(self) -> int:
        """Keep it until `stop`, or until it says that its configuration is wrong; the exit code of the last one."""
        while True:
            child = self._started()
            try:
                code = self._attend(child)
            finally:
                child.kill()
                child.wait()
            if code == _CONFIGURATION or self._stopping.wait(self._kept.restart_seconds):
                return code

    def _started(self) -> "subprocess.Popen[bytes]":
        log = self._kept.log
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LARGE:
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as said:
            return subprocess.Popen(
                self._kept.command,
                cwd=self._kept.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                creationflags=self._kept.flags,
            )

    def _attend(self, child: "subprocess.Popen[bytes]") -> int:
        while (code := _ended(child, _LOOK_EVERY)) is None:
            if self._stopping.is_set():
                self._kept.interrupt(child)
                return _ended(child, self._kept.stop_seconds) or 0
        return code


def _ended(child: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
