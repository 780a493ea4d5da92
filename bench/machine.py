"""The machine that is measured, and whether it is quiet enough for the numbers to mean anything."""

import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

# On a disk by convention, which /tmp need not be: on a memory file system, nothing would be durable.
_DISK = Path("/var/tmp")  # noqa: S108 - files without names and folders of our own are made in it

_LOOK = 2.0
_SYNCS = 200
_PAGE = 4_096
_QUIET = 15.0
"""Percent of all cores that others may use."""


@contextmanager
def folder_on_disk() -> Iterator[Path]:
    """A folder on a real disk, gone afterwards. PostgreSQL runs as another user, and gets to its data there."""
    with tempfile.TemporaryDirectory(prefix="millhand-bench-", dir=_DISK) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@dataclass(frozen=True, slots=True)
class Load:
    """How busy the machine was in a short look.

    In percent of all its cores; by the load average of the last minute; and by how often a second a file could be
    synced to the disk, on which every durable queue depends.
    """

    percent: float
    average: float
    syncs: float

    @property
    def quiet(self) -> bool:
        """Whether a measurement now means something."""
        return self.percent <= _QUIET

    def __str__(self) -> str:
        return f"{self.percent:.0f} % of all cores busy, load average {self.average:.2f}, {self.syncs:,.0f} syncs/s"


def load() -> Load:
    """Look for two seconds how busy the machine is while nothing is measured."""
    return Load(psutil.cpu_percent(_LOOK), os.getloadavg()[0], _syncs())


def wait_until_quiet(patience: float) -> Load:
    """Wait until the machine is quiet, at most `patience` seconds; returns the last look."""
    deadline = time.monotonic() + patience
    seen = load()
    while not seen.quiet and time.monotonic() < deadline:
        seen = load()
    return seen


def _syncs() -> float:
    """How often a second an appended page of a file on the disk can be synced."""
    with tempfile.TemporaryFile(dir=_DISK) as file:
        began = time.perf_counter()
        for _ in range(_SYNCS):
            file.write(bytes(_PAGE))
            file.flush()
            os.fsync(file.fileno())
        return _SYNCS / (time.perf_counter() - began)


def facts() -> dict[str, str]:
    """What the numbers depend on."""
    return {
        "processor": f"{psutil.cpu_count()} cores, {_processor()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"Python {platform.python_version()}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
