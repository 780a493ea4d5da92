"""Schedules: what is enqueued when, and the firing of each tick exactly once, however many workers look."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from millhand.core.clock import as_datetime
from millhand.core.cron import Cron, Missed, due
from millhand.core.errors import InvalidArgs, NotFound
from millhand.core.job import DEFAULT_QUEUE, DEFAULT_TENANT, NewJob
from millhand.database import Database
from millhand.database.tables import schedules
from millhand.ledger.store import upsert

Insert = Callable[[sa.Connection, Sequence[NewJob]], object]
"""Inserts jobs within the transaction of this connection: the SQL broker's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A job to enqueue again and again. `args` is JSON text; `name` is its identity."""

    name: str
    cron: Cron
    kind: str
    args: str = "{}"
    missed: Missed = Missed.SKIP
    queue: str = DEFAULT_QUEUE
    tenant: str = DEFAULT_TENANT
    priority: int = 0


class Schedules:
    """The stored schedules: putting, switching and firing them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, schedule: Schedule) -> None:
        """Store a schedule under its name. A known one keeps its switch, and its next tick if its times are the same.

        Raises `InvalidArgs` if the arguments are not a JSON object.
        """
        _check_args(schedule)

        def store(connection: sa.Connection) -> None:
            present = connection.execute(_BY_NAME, {"wanted": schedule.name}).mappings().one_or_none()
            values = _values(schedule)
            same = present is not None and (present["cron"], present["zone"]) == (values["cron"], values["zone"])
            if not same:
                values["next_at"] = next(schedule.cron.after(self._database.clock.now()))
            if present is None:
                values["enabled"] = True
            upsert(connection, schedules, {"name": schedule.name}, values)

        await self._database.write(store)

    async def remove(self, name: str) -> None:
        """Forget a schedule; raises `NotFound`. Jobs that it enqueued stay."""

        def delete(connection: sa.Connection) -> int:
            return connection.execute(sa.delete(schedules).where(schedules.c.name == name)).rowcount

        if not await self._database.write(delete):
            raise _unknown(name)

    async def enable(self, name: str) -> None:
        """Let a schedule fire again, from its next tick on: what passed meanwhile was not missed. Raises `NotFound`."""

        def switch(connection: sa.Connection) -> None:
            row = _row(connection, name)
            following = next(Cron(row["cron"], row["zone"]).after(self._database.clock.now()))
            change = sa.update(schedules).where(schedules.c.name == name, ~schedules.c.enabled)
            connection.execute(change.values(enabled=True, next_at=following))

        await self._database.write(switch)

    async def disable(self, name: str) -> None:
        """Keep a schedule from firing until it is enabled; raises `NotFound`."""

        def switch(connection: sa.Connection) -> None:
            _row(connection, name)
            connection.execute(sa.update(schedules).where(schedules.c.name == name).values(enabled=False))

        await self._database.write(switch)

    async def job_now(self, name: str) -> NewJob:
        """The job that a schedule would enqueue at this moment, outside its ticks; raises `NotFound`."""
        now = self._database.clock.now()
        row = await self._database.read(lambda connection: _row(connection, name))
        return self._job(row, now)

    async def next_tick(self) -> int | None:
        """The instant of the next tick of any enabled schedule, or None: until then there is nothing to fire."""
        earliest = sa.select(sa.func.min(schedules.c.next_at)).where(schedules.c.enabled)
        return await self._database.read(lambda connection: connection.scalar(earliest))

    async def fire_due(self, insert: Insert) -> list[NewJob]:
        """Enqueue the jobs of all ticks that are due, and return them.

        `insert` is called with the connection of the transaction that also moves the schedule to its next tick, and
        only by the one scheduler whose move succeeded: so each tick is fired once, by one worker, or not at all.
        """
        fired = await self._database.write(lambda connection: self._fire(connection, insert))
        if fired:
            self._database.waker.notify()
        return fired

    def _fire(self, connection: sa.Connection, insert: Insert) -> list[NewJob]:
        now = self._database.clock.now()
        waiting = sa.select(schedules).where(schedules.c.enabled, schedules.c.next_at <= now).order_by(schedules.c.name)
        fired: list[NewJob] = []
        for row in connection.execute(waiting).mappings().all():
            fired.extend(self._fire_one(connection, row, now))
        if fired:
            insert(connection, fired)
        return fired

    def _fire_one(self, connection: sa.Connection, row: sa.RowMapping, now: int) -> list[NewJob]:
        ticks, following = due(Cron(row["cron"], row["zone"]), row["next_at"], now, Missed(row["missed"]))
        new = [self._job(row, tick) for tick in ticks]
        latest = {"last_at": ticks[-1], "last_job_id": new[-1].id} if new else {}
        move = sa.update(schedules).where(
            schedules.c.name == row["name"], schedules.c.next_at == row["next_at"], schedules.c.enabled
        )
        moved = connection.execute(move.values(next_at=following, **latest)).rowcount == 1
        return new if moved else []

    def _job(self, row: sa.RowMapping, tick: int) -> NewJob:
        return NewJob(
            id=self._database.clock.new_id(),
            kind=row["kind"],
            args=row["args"],
            queue=row["queue"],
            tenant=row["tenant"],
            priority=row["priority"],
            headers={"schedule": row["name"], "tick": as_datetime(tick).isoformat()},
        )


_BY_NAME = sa.select(schedules).where(schedules.c.name == sa.bindparam("wanted"))


def _row(connection: sa.Connection, name: str) -> sa.RowMapping:
    row = connection.execute(_BY_NAME, {"wanted": name}).mappings().one_or_none()
    if row is None:
        raise _unknown(name)
    return row


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no schedule '{name}'")


def _values(schedule: Schedule) -> dict[str, object]:
    return {
        "cron": schedule.cron.expression,
        "zone": schedule.cron.zone,
        "missed": schedule.missed.value,
        "kind": schedule.kind,
        "args": schedule.args,
        "queue": schedule.queue,
        "tenant": schedule.tenant,
        "priority": schedule.priority,
    }


def _check_args(schedule: Schedule) -> None:
    try:
        fits = isinstance(json.loads(schedule.args), dict)
    except ValueError:
        fits = False
    if not fits:
        raise InvalidArgs(f"the arguments of schedule '{schedule.name}' are not a JSON object")
