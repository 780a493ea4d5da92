"""What a dispatcher is told about itself: numbers of executors and slots, times, and when to recycle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from millhand.core.limits import MIB

OUTAGE_PAUSES: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a broker that can't be reached is tried again; the last one goes for all further tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Settings of one dispatcher; times in seconds, memory in bytes.

    `memory_limit` is for kinds that set none of their own; a limit of None never strikes. `outage_pauses` are those of
    what only looks for something to do; who holds jobs does not wait so long.
    """

    executors: int = 2
    slots: int = 1
    lease: float = 15.0
    poll: float = 1.0
    grace: float = 30.0
    kill_after: float = 5.0
    start_limit: float = 60.0
    recycle_jobs: int | None = 100_000
    recycle_memory: int | None = None
    recycle_age: float | None = 3_600.0
    memory_limit: int | None = 2_048 * MIB
    outage_pauses: tuple[float, ...] = OUTAGE_PAUSES

    @property
    def renew_every(self) -> float:
        """How often leases are renewed: three times within each."""
        return self.lease / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorCommand:
    """How to start an executor: the program that serves the pipe, and the folder that holds its working folders."""

    argv: tuple[str, ...]
    workdir: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
