"""Work folders that name their owner, so that what a dead owner left behind can be told and removed."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil

_NAME = re.compile(r"millhand-office-(?P<pid>\d+)-(?P<started>\d+)-\w+")
_SAME_START = 2  # hundredths of a second by which two readings of one start time may differ


def create(parent: Path, farewell: Callable[[Path], None] = lambda _: None) -> Path:
    """A new work folder of this process in `parent`, after removing those whose owners are dead.

    `farewell` is called with each of these before it is removed.
    """
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent, farewell)
    pid = os.getpid()
    prefix = f"millhand-office-{pid}-{_started(pid)}-"
    # Resolved: LibreOffice and the kernel's file rules see real paths.
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent)).resolve()


def sweep(parent: Path, farewell: Callable[[Path], None] = lambda _: None) -> list[Path]:
    """Remove the work folders of owners that no longer run; gives back what was removed."""
    left_over = [path for path in parent.glob("millhand-office-*") if not _owner_lives(path.name)]
    for path in left_over:
        farewell(path)
        remove(path)
    return left_over


def remove(path: Path) -> None:
    """Remove a folder with all that is in it; files that resist stay for the next sweep."""
    shutil.rmtree(path, ignore_errors=True)


def _owner_lives(name: str) -> bool:
    found = _NAME.fullmatch(name)
    if found is None:
        return True  # not one of ours: leave it alone
    started = _started(int(found["pid"]))
    # A pid alone is not enough: it may belong to a newer process by now.
    return started is not None and abs(started - int(found["started"])) <= _SAME_START


def _started(pid: int) -> int | None:
    """When a process started, in hundredths of a second; None if it does not run."""
    try:
        return round(psutil.Process(pid).create_time() * 100)
    except psutil.Error:
        return None
