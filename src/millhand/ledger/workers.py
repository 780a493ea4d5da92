"""The workers' own rows: each tells regularly who it is, what it serves and how it is, and reads what it shall do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from millhand.core.durability import Durability
from millhand.core.errors import NotFound, UsageError
from millhand.core.wish import Wish
from millhand.database import Database
from millhand.database.tables import workers
from millhand.ledger.store import to_json, upsert

_WISHES = sa.select(workers.c.wish)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCard:
    """What a worker tells of itself. No `queues` means all of them; `state` is `running`, `quiet` or `draining`.

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
    """Registers workers, hears their heartbeats, and passes on what people wish of them."""

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

    async def wish(self, worker_id: str, wish: Wish) -> None:
        """Have a worker do this; it looks every second. Raises `NotFound`, and `UsageError` for one that is to stop."""

        def store(connection: sa.Connection) -> None:
            wished = connection.scalar(_WISHES.where(workers.c.id == worker_id))
            if wished is None:
                raise NotFound(f"there is no worker '{worker_id}'", hint="`millhand workers list` shows them.")
            if wished == Wish.STOP and wish is not Wish.STOP:
                raise UsageError(f"the worker '{worker_id}' is stopping already", hint="Start another one.")
            connection.execute(sa.update(workers).where(workers.c.id == worker_id).values(wish=wish.value))

        await self._database.write(store)

    async def wished_of(self, worker_id: str) -> Wish:
        """What a worker shall do; one that has not told of itself yet shall work."""
        text = await self._database.read(lambda connection: connection.scalar(_WISHES.where(workers.c.id == worker_id)))
        return Wish(text or Wish.WORK)

    async def forget(self, worker_id: str) -> None:
        """Remove a worker that has ended; forgetting an unknown one is harmless."""

        def remove(connection: sa.Connection) -> None:
            connection.execute(sa.delete(workers).where(workers.c.id == worker_id))

        await self._database.write(remove)
