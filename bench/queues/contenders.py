"""Who takes part in the queue bench, with which settings, beside which of ours."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from bench.environment import NODE_PROGRAMS, PYTHON, node
from bench.results import Contender

Server: TypeAlias = Literal["redis", "postgres"]

DURABLE = "millhand"
RELAXED = "millhand relaxed"
SHARED = "millhand on PostgreSQL"


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
    in_node: bool = False
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def driver(self) -> list[str]:
        """The command that drives it; what to do follows."""
        if self.in_node:
            return [str(node()), str(NODE_PROGRAMS / "drive.mjs"), self.peer]
        return [str(self.python), "-m", "bench.queues.drive", self.peer]

    def environment(self, place: Path, address: str, executors: int) -> dict[str, str]:
        """What its processes are told. `address` is that of the server it uses, if any."""
        known = {"place": place, "address": address, "executors": executors}
        told = {name: value.format(**known) for name, value in self.settings.items()}
        ours = {"BENCH_PLACE": str(place), "BENCH_ADDRESS": address, "BENCH_DURABLE": "1" if self.durable else "0"}
        return ours | told


def _millhand(
    name: str, settings: str, *, database: str = "sqlite:///{place}/millhand.db", durability: str = "full"
) -> Queue:
    return Queue(
        contender=Contender(name, settings),
        peer="millhand_sql",
        durable=durability == "full",
        server=None if database.startswith("sqlite") else "postgres",
        python=Path(sys.executable),
        settings={
            "MILLHAND_DATABASE": database,
            "MILLHAND_DATA_DIR": "{place}",
            "MILLHAND_DURABILITY": durability,
            "MILLHAND_WORKER__EXECUTORS": "{executors}",
        },
    )


QUEUES = (
    _millhand(DURABLE, "SQLite, synchronous=FULL, all else default"),
    _millhand(RELAXED, "SQLite, synchronous=NORMAL, all else default", durability="normal"),
    _millhand(SHARED, "PostgreSQL (fsync on), all else default", database="{address}"),
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
        contender=Contender("procrastinate", "PostgreSQL (fsync on), 30 jobs at a time", SHARED),
        peer="procrastinate_postgres",
        server="postgres",
        process_each=True,
    ),
    Queue(
        contender=Contender("pgqueuer", "PostgreSQL (fsync on), asyncpg, batches of 200", SHARED),
        peer="pgqueuer_postgres",
        server="postgres",
        process_each=True,
    ),
    Queue(
        contender=Contender("pg-boss", "PostgreSQL (fsync on), batches of 500, notify and burst", SHARED),
        peer="pgboss",
        server="postgres",
        process_each=True,
        in_node=True,
        settings={"BENCH_BATCH": "500"},
    ),
    Queue(
        contender=Contender("pg-boss safe", "PostgreSQL (fsync on), batches of 10, notify and burst", SHARED),
        peer="pgboss",
        server="postgres",
        process_each=True,
        in_node=True,
        settings={"BENCH_BATCH": "10"},
    ),
    Queue(
        contender=Contender("graphile-worker", "PostgreSQL (fsync on), 24 at a time, 500 fetched ahead", SHARED),
        peer="graphile",
        server="postgres",
        process_each=True,
        in_node=True,
    ),
)
