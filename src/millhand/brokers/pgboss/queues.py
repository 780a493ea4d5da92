"""The queues that the application has made, read from pg-boss and kept for a while."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from millhand.brokers.pgboss.connections import Connection, rows
from millhand.brokers.pgboss.tables import Tables
from millhand.core.clock import Clock
from millhand.core.errors import NotFound

STANDARD = "standard"
SINGLETON = "singleton"
STATELY = "stately"
KEY_STRICT_FIFO = "key_strict_fifo"

# As long as pg-boss itself keeps them.
_KEEP = 60.0
_INTERNAL = "__pgboss__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue. `table` is where its jobs are; `heartbeat` is in seconds, or None."""

    name: str
    table: str
    policy: str = STANDARD
    dead_letter: str | None = None
    heartbeat: int | None = None
    notify: bool = False

    @property
    def one_at_a_time(self) -> bool:
        """Whether one job of each key may run at a time."""
        return self.policy in {SINGLETON, STATELY}


class Queues:
    """Knows the queues; looks again after a minute, or for one that it does not know."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, Queue] = {}
        self._read_at: float | None = None

    async def all(self, connection: Connection, tables: Tables) -> dict[str, Queue]:
        """Every queue, by name."""
        if self._read_at is None or self._clock.monotonic() - self._read_at > _KEEP:
            await self._read(connection, tables)
        return self._known

    async def wanted(self, connection: Connection, tables: Tables, names: Sequence[str]) -> list[Queue]:
        """Those of these names that exist; of no names, all but pg-boss' own and the places for dead letters."""
        known = await self.all(connection, tables)
        if names and not known.keys() >= set(names):
            await self._read(connection, tables)
            known = self._known
        return [known[name] for name in names if name in known] if names else _for_work(known.values())

    async def some(self, connection: Connection, tables: Tables, names: Collection[str]) -> dict[str, Queue]:
        """The queues of these names; raises `NotFound` for one that is not there."""
        known = await self.all(connection, tables)
        if not known.keys() >= set(names):
            await self._read(connection, tables)
            known = self._known
        if missing := sorted(set(names) - known.keys()):
            raise no_queue(missing, tables)
        return {name: known[name] for name in names}

    def forget(self) -> None:
        """Look again at the next question."""
        self._read_at = None

    async def _read(self, connection: Connection, tables: Tables) -> None:
        found = await rows(connection, _statement(tables), {})
        self._known = {row["name"]: Queue(**row) for row in found}
        self._read_at = self._clock.monotonic()


def no_queue(names: Sequence[str], tables: Tables) -> NotFound:
    """The error that says that the application has not made a queue."""
    listed = ", ".join(f"'{name}'" for name in names)
    return NotFound(
        f"pg-boss has no queue {listed} in the schema '{tables.named}'",
        hint=f"Make it in the application that owns the tables: await boss.createQueue('{names[0]}').",
    )


def _statement(tables: Tables) -> str:
    table = "table_name" if "table_name" in tables.queue else "partition_name"
    columns = {
        "name": "name",
        "table": f"COALESCE({table}, 'job')",
        "policy": f"COALESCE(policy, '{STANDARD}')",
        "dead_letter": "dead_letter",
        "heartbeat": "heartbeat_seconds" if "heartbeat_seconds" in tables.queue else "NULL::int",
        "notify": "notify" if "notify" in tables.queue else "false",
    }
    wanted = ", ".join(f'{expression} AS "{name}"' for name, expression in columns.items())
    return f"SELECT {wanted} FROM {tables.name('queue')} ORDER BY name"


def _for_work(queues: Iterable[Queue]) -> list[Queue]:
    known = list(queues)
    graves = {queue.dead_letter for queue in known}
    return [queue for queue in known if queue.name not in graves and not queue.name.startswith(_INTERNAL)]
