"""How much memory and processor time a process and all its descendants use, measured cheaply enough to do it often."""

import time
from dataclasses import dataclass

import psutil

_LOOK_FOR_CHILDREN_EVERY = 0.5  # seconds; it reads the whole process table, while reading one process is nearly free


@dataclass(frozen=True)
class Usage:
    """What a process tree uses now: resident bytes (shared pages counted in each process), processor seconds so far."""

    memory: int
    cpu_seconds: float


class TreeMeter:
    """Measures one process tree and remembers its peak. A process that has ended counts as nothing."""

    def __init__(self, pid: int) -> None:
        self.peak_memory = 0
        self.cpu_seconds = 0.0
        self._children: list[psutil.Process] = []
        self._next_look = time.monotonic() + _LOOK_FOR_CHILDREN_EVERY
        try:
            self._root: psutil.Process | None = psutil.Process(pid)
        except psutil.Error:
            self._root = None

    def sample(self) -> Usage:
        """Measure now."""
        usages = [_usage(process) for process in self._members()]
        total = Usage(sum(usage.memory for usage in usages), sum(usage.cpu_seconds for usage in usages))
        self.peak_memory = max(self.peak_memory, total.memory)
        self.cpu_seconds = max(self.cpu_seconds, total.cpu_seconds)
        return total

    def _members(self) -> list[psutil.Process]:
        if self._root is None:
            return []
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_FOR_CHILDREN_EVERY
            self._children = descendants(self._root)
        return [self._root, *self._children]


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Every living descendant of a process; none if it has ended."""
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _usage(process: psutil.Process) -> Usage:
    try:
        with process.oneshot():
            times = process.cpu_times()
            return Usage(process.memory_info().rss, times.user + times.system)
    except psutil.Error:
        return Usage(0, 0.0)
