"""Who takes part in the queue bench, with which settings, beside which of ours."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from bench.environment import PYTHON
from bench.results import Contender

Server: TypeAlias = Literal["redis", "postgres"]

DURABLE = "millhand"
RELAXED = "millhand relaxed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue in one setting. `peer` names its adapter; `many` says whether it can send many jobs at once.

    With `process_each`, one worker program has one job process, and two executors are two programs.
    """

    contender: Contender
    peer: str
    durable: bool = True
    server: Server | None = None
    many: bool = True
    process_each: bool = False
    python: Path = PYTHON
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def environment(self, place: Path, executors: int) -> dict[str, str]:
        """What its processes are told."""
        told = {name: value.format(place=place, executors=executors) for name, value in self.settings.items()}
        return {"BENCH_PLACE": str(place), "BENCH_DURABLE": "1" if self.durable else "0", **told}


def _millhand(name: str, durability: str, settings: str) -> Queue:
    return Queue(
        contender=Contender(name, settings),
        peer="millhand_sql",
        durable=durability == "full",
        python=Path(sys.executable),
        settings={
            "MILLHAND_DATABASE": "sqlite:///{place}/millhand.db",
            "MILLHAND_DATA_DIR": "{place}",
            "MILLHAND_DURABILITY": durability,
            "MILLHAND_WORKER__EXECUTORS": "{executors}",
        },
    )


QUEUES = (
    _millhand(DURABLE, "full", "SQLite, synchronous=FULL, all else default"),
    _millhand(RELAXED, "normal", "SQLite, synchronous=NORMAL, all else default"),
    Queue(
        contender=Contender("huey", "SQLite, synchronous=FULL (its default), polls every 10-50 ms", DURABLE),
        peer="huey_sqlite",
        many=False,
    ),
    Queue(
        contender=Contender("huey fastest", "SQLite, synchronous=OFF, polls every 10-50 ms", RELAXED),
        peer="huey_sqlite",
        durable=False,
        many=False,
    ),
    Queue(
        contender=Contender("celery", "Redis (no append-only file), early acknowledgement, 64 fetched ahead", RELAXED),
        peer="celery_redis",
        durable=False,
        server="redis",
        many=False,
    ),
    Queue(
        contender=Contender("dramatiq", "Redis (no append-only file), 8 threads in each process", RELAXED),
        peer="dramatiq_redis",
        durable=False,
        server="redis",
        many=False,
    ),
    Queue(
        contender=Contender("procrastinate", "PostgreSQL (fsync on), 30 jobs at a time", DURABLE),
        peer="procrastinate_postgres",
        server="postgres",
        process_each=True,
    ),
    Queue(
        contender=Contender("pgqueuer", "PostgreSQL (fsync on), asyncpg, batches of 200", DURABLE),
        peer="pgqueuer_postgres",
        server="postgres",
        process_each=True,
    ),
)
