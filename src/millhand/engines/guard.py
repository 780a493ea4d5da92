"""The guard: a small parent that stands between millhand and an outside program, so that nothing outlives millhand.

Run as its own process. It starts the program in a new process group, adopts whatever the program leaves behind, and
kills all of it when the program ends, or when its standard input closes: that is, when its owner is gone, however
it went.
Standard library only. POSIX.
"""

import json
import os
import select
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import cast

from millhand.engines import confine

_KILLED_BY_SIGNAL = 128  # what a shell adds to the signal's number


def main() -> int:
    """Run the program described by the JSON object in the first argument; give back its exit status."""
    order = json.loads(sys.argv[1])
    confine.adopt_orphans()
    notice, announce = os.pipe()
    os.set_blocking(announce, False)

    def child_ended(_signal: int, _frame: FrameType | None) -> None:
        return None  # the wake-up descriptor carries the news

    signal.set_wakeup_fd(announce)
    signal.signal(signal.SIGCHLD, child_ended)
    program = _start(order)
    try:
        status = _attend(program, notice)
    finally:
        _kill_all(program)
    if status is None:
        return 1
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _KILLED_BY_SIGNAL - code


def _start(order: dict[str, object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        confine.die_with_parent()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _confine(order)
        command = [str(word) for word in _list(order["command"])]
        os.execv(command[0], command)  # noqa: S606 - no shell on purpose
    except OSError as error:
        os.write(2, f"cannot start: {error}\n".encode())
    os._exit(127)


def _confine(order: dict[str, object]) -> None:
    if order.get("no_network"):
        confine.leave_network()
    if order.get("writable"):
        confine.restrict_files(*(_paths(order[name]) for name in ("readable", "writable", "sockets")))


def _attend(program: int, notice: int) -> int | None:
    """Wait until the program ends (its status) or the owner is gone (None), reaping adopted orphans meanwhile."""
    while True:
        status = _reap(program)
        if status is not None:
            return status
        ready, _, _ = select.select([0, notice], [], [])
        if notice in ready:
            os.read(notice, 512)
        if 0 in ready and not os.read(0, 512):
            return None


def _reap(program: int) -> int | None:
    found: int | None = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == program:
            found = status


def _kill_all(program: int) -> None:
    """Kill the program's group, then, generation by generation, what left the group and was adopted."""
    while True:
        _kill(-program)
        for child in _children():
            _kill(child)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        listing = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(pid) for pid in listing.split()]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _paths(value: object) -> list[Path]:
    return [Path(str(path)) for path in _list(value)]


def _list(value: object) -> list[object]:
    return list(cast("list[object]", value)) if isinstance(value, list) else []
