"""The workers' own rows: each tells regularly who it is, what it serves and how it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from millhand.core.durability import Durability
from millhand.database import Database
from millhand.database.tables import workers
from millhand.ledger.store import to_json, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCard:
    """What a worker tells of itself. No `queues` means all of them; `state` is `running` or `draining`.

    `facts` are figures for people, such as memory, jobs done and the health of engines.
    """

    id: str
    host: str
    pid: int
    version: str
    queues: tuple[str, ...]
    kinds: tuple[str, ...]
    slots: int
    started_at: int
    state: str = "running"
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


class Workers:
    """Registers workers and hears their heartbeats."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, card: WorkerCard) -> None:
        """Store the card and that the worker is alive now; the first beat registers it, as does one after pruning."""
        values = {
            "host": card.host,
            "pid": card.pid,
            "version": card.version,
            "queues": to_json(card.queues),
            "kinds": to_json(card.kinds),
            "slots": card.slots,
            "state": card.state,
            "facts": to_json(dict(card.facts)),
            "started_at": card.started_at,
            "seen_at": self._database.clock.now(),
        }

        def store(connection: sa.Connection) -> None:
            upsert(connection, workers, {"id": card.id}, values)

        await self._database.write(store, durability=Durability.NORMAL)

    async def forget(self, worker_id: str) -> None:
        """Remove a worker that has ended; forgetting an unknown one is harmless."""

        def remove(connection: sa.Connection) -> None:
            connection.execute(sa.delete(workers).where(workers.c.id == worker_id))

        await self._database.write(remove)
