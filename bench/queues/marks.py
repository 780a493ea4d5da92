"""Moments of jobs, in a file that the sender, every worker process and the bench map into their memory.

A note costs less than a microsecond and no system call, so it does not disturb what is measured. The moments are of
the monotonic clock, which all processes of a machine share.
"""

import mmap
import os
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "BENCH_MARKS"

_MARK = struct.Struct("ddqq")
_MOMENT = struct.Struct("d")
_START = struct.Struct("dqq")


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a job: when it was sent and started (0 for not yet), by which process, and how often it ran."""

    sent: float
    started: float
    process: int
    runs: int


class Marks:
    """The moments of a fixed number of jobs, which are numbered from 0."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._count = len(self._map) // _MARK.size

    @classmethod
    def create(cls, path: Path, count: int) -> "Marks":
        """Make an empty file for so many jobs."""
        with path.open("wb") as file:
            file.truncate(max(1, count) * _MARK.size)
        return cls(path)

    def sent(self, number: int) -> None:
        """Note that the job is about to be sent."""
        _MOMENT.pack_into(self._map, number * _MARK.size, time.monotonic())

    def started(self, number: int) -> None:
        """Note that the job runs, in this process."""
        now = time.monotonic()
        place = number * _MARK.size + _MOMENT.size
        first, _, runs = _START.unpack_from(self._map, place)
        _START.pack_into(self._map, place, first or now, os.getpid(), runs + 1)

    def all(self) -> Sequence[Mark]:
        """What is known of every job, in the order of their numbers."""
        return [Mark(*found) for found in _MARK.iter_unpack(self._map[: self._count * _MARK.size])]

    def is_started(self, number: int) -> bool:
        """Whether the job ran."""
        return _START.unpack_from(self._map, number * _MARK.size + _MOMENT.size)[0] > 0

    def any_started(self) -> bool:
        """Whether any job ran: a look at all of them, so not for a tight loop."""
        return any(runs for _, _, _, runs in _MARK.iter_unpack(self._map[: self._count * _MARK.size]))

    def first_not_started(self, number: int = 0) -> int:
        """The first job from `number` on that did not run yet; the count of all jobs if there is none."""
        while number < self._count and self.is_started(number):
            number += 1
        return number


def marks_of_environment() -> Marks:
    """The marks that the bench names to the processes it starts."""
    return Marks(Path(os.environ[VARIABLE]))
