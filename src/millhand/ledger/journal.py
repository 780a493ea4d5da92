"""Write down what becomes of jobs that wait in somebody else's queue: their rows here are a record, never a message.

Nothing here is ever leased: no row is in the state `available`, and none has a lease that could be rescued.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from millhand.core.durability import Durability
from millhand.core.failure import failure
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import FINAL, State
from millhand.database import Database
from millhand.database.bulk import insert
from millhand.database.tables import artefacts, attempts, events, in_state, jobs
from millhand.database.writer import Operation
from millhand.ledger import journal_rows
from millhand.ledger.store import chunks

_MOST_OPEN = 1_000

_GONE = failure("gone", "the application that owns the queue has deleted the job")
_OPEN = in_state(State.SCHEDULED, State.RETRYABLE, State.RUNNING)


class Journal:
    """The record of one worker or client on one foreign broker, named as in the column `broker`."""

    def __init__(self, database: Database, broker: str, worker: str) -> None:
        self._database = database
        self._broker = broker
        self._worker = worker

    async def delivered(self, deliveries: Sequence[Delivery]) -> None:
        """These jobs were leased here."""
        rows = [journal_rows.delivered(each, self._broker, self._worker) for each in deliveries]
        await self._write(lambda connection: _store(connection, rows, list(rows[0]), sa.true()))

    async def settled(self, settlements: Sequence[Settlement], standings: Mapping[str, Standing]) -> None:
        """These settlements were accepted; `standings` say what the broker made of those that are not successes."""
        endings = [_as_it_stands(each, standings.get(each.delivery.job_id)) for each in settlements]
        await self._write(lambda connection: self._settle(connection, endings))

    async def refused(self, settlements: Sequence[Settlement]) -> None:
        """These settlements came too late."""
        rows = [journal_rows.refusal(each, self._worker, self._database.clock.now()) for each in settlements]
        await self._write(lambda connection: connection.execute(sa.insert(events), rows))

    async def mirror(self, standings: Iterable[Standing]) -> None:
        """These jobs stand so with the broker, whoever brought that about."""
        rows = [journal_rows.as_seen(each, self._broker) for each in standings]
        if rows:
            await self._write(lambda connection: _store(connection, rows, _MOVED, _IS_NEWS))

    async def gone(self, job_ids: Sequence[str]) -> None:
        """The broker no longer knows these jobs."""
        now = self._database.clock.now()
        ended = {"state": State.CANCELLED.value, "finished_at": now, "worker": None, **journal_rows.error(_GONE)}

        def write(connection: sa.Connection) -> None:
            for some in chunks(job_ids):
                connection.execute(sa.update(jobs).where(jobs.c.id.in_(some), _OPEN).values(ended))

        await self._write(write)

    async def jobs_of_others(self) -> list[str]:
        """Jobs of this broker that had not ended when last looked at, but for those held here; the newest of many."""
        others = jobs.c.worker.is_distinct_from(self._worker)
        wanted = sa.select(jobs.c.id).where(_OPEN, jobs.c.broker == self._broker, others).order_by(jobs.c.seq.desc())
        return await self._database.read(lambda connection: list(connection.scalars(wanted.limit(_MOST_OPEN))))

    async def _write(self, operation: Operation[object]) -> None:
        # The broker remembers what a power cut makes us forget.
        await self._database.write(operation, durability=Durability.NORMAL)

    def _settle(self, connection: sa.Connection, settlements: Sequence[Settlement]) -> None:
        known = _numbers(connection, [each.delivery.job_id for each in settlements])
        for each in settlements:
            seq = known.get(each.delivery.job_id)
            if seq is not None and _add_attempt(connection, seq, each, self._worker):
                # Whatever state a late look may have left it in: under this fence nobody knows better.
                held = sa.update(jobs).where(jobs.c.seq == seq, jobs.c.fence == each.delivery.fence)
                connection.execute(held, journal_rows.ended(each))
                if each.artefacts:
                    connection.execute(sa.insert(artefacts), journal_rows.artefacts(each))


_MOVED = (
    "state", "worker", "failures", "crashes", "run_at", "claimed_at", "started_at", "finished_at", "result",
    "error_code", "error_message", "error_fingerprint",
)  # fmt: skip
# What was noted here of a job in the same state knows more: its progress, its own result, who runs it. And who looked
# while it ran, and comes to tell when its end has been noted, brings no news.
_IS_CHANGED = (jobs.c.state != sa.text("excluded.state")) | in_state(State.SCHEDULED, State.RETRYABLE)
_IS_TIMELY = sa.text("(excluded.state <> 'running' OR excluded.claimed_at > COALESCE(jobs.claimed_at, -1))")
_IS_NEWS = _IS_CHANGED & _IS_TIMELY


def _store(
    connection: sa.Connection,
    rows: Sequence[Mapping[str, Any]],
    columns: Iterable[str],
    condition: sa.ColumnElement[bool],
) -> None:
    """Insert rows; of those whose ids are there, change these columns where the condition holds."""
    changed = [name for name in columns if name != "id"]
    for row in rows:
        added = insert(connection.dialect, jobs, row)
        values = {name: row[name] for name in changed}
        connection.execute(added.on_conflict_do_update(index_elements=["id"], set_=values, where=condition))


def _numbers(connection: sa.Connection, job_ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunks(job_ids):
        found.update((row.id, row.seq) for row in connection.execute(_NUMBERS.where(jobs.c.id.in_(some))))
    return found


_NUMBERS = sa.select(jobs.c.id, jobs.c.seq)


def _add_attempt(connection: sa.Connection, seq: int, settlement: Settlement, worker: str) -> bool:
    """Record an attempt; False if that has happened before."""
    added = (
        insert(connection.dialect, attempts, journal_rows.attempt(settlement, seq, worker))
        .on_conflict_do_nothing()
        .returning(attempts.c.job)
    )
    return connection.execute(added).first() is not None


def _as_it_stands(settlement: Settlement, standing: Standing | None) -> Settlement:
    """A job that somebody cancelled, or that can't have its follow-up jobs, ended otherwise than its attempt said."""
    overruled = standing is not None and standing.state in FINAL and standing.state is not settlement.state
    if standing is None or not overruled:
        return settlement
    return settlement._replace(state=standing.state, failure=standing.failure or settlement.failure, result=None)
