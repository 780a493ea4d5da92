"""Write down what becomes of jobs that wait in somebody else's queue: their rows here are a record, never a message.

Nothing here is ever leased: no row is in the state `available`, and none has a lease that could be rescued.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from millhand.core.clock import after
from millhand.core.durability import Durability
from millhand.core.events import Level
from millhand.core.failure import Failure, failure
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import FINAL, State
from millhand.database import Database
from millhand.database.bulk import insert
from millhand.database.tables import artefacts, attempts, events, in_state, jobs
from millhand.database.writer import Operation
from millhand.ledger.store import chunks, to_json

_LARGEST = 32_767
"""The largest count that a row holds."""
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
        rows = [self._delivered(each) for each in deliveries]
        await self._write(lambda connection: _store(connection, rows, list(rows[0]), sa.true()))

    async def settled(self, settlements: Sequence[Settlement], standings: Mapping[str, Standing]) -> None:
        """These settlements were accepted; `standings` say what the broker made of those that are not successes."""
        endings = [_as_it_stands(each, standings.get(each.delivery.job_id)) for each in settlements]
        await self._write(lambda connection: self._settle(connection, endings))

    async def refused(self, settlements: Sequence[Settlement]) -> None:
        """These settlements came too late."""
        rows = [self._refusal(each, self._database.clock.now()) for each in settlements]
        await self._write(lambda connection: connection.execute(sa.insert(events), rows))

    async def mirror(self, standings: Iterable[Standing]) -> None:
        """These jobs stand so with the broker, whoever brought that about."""
        rows = [self._standing(each) for each in standings]
        if rows:
            await self._write(lambda connection: _store(connection, rows, _MOVED, _IS_NEWS))

    async def gone(self, job_ids: Sequence[str]) -> None:
        """The broker no longer knows these jobs."""
        now = self._database.clock.now()
        ended = {"state": State.CANCELLED.value, "finished_at": now, "worker": None, **_error(_GONE)}

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

    def _delivered(self, delivery: Delivery) -> dict[str, Any]:
        return {
            **_nothing_yet(),
            "id": delivery.job_id,
            "version": delivery.version,
            "broker": self._broker,
            "kind": delivery.kind,
            "queue": delivery.queue,
            "tenant": delivery.tenant,
            "priority": delivery.priority,
            "state": State.RUNNING.value,
            "args": delivery.args,
            "headers": to_json(dict(delivery.headers)),
            "parent_id": delivery.parent_id,
            "failures": min(delivery.failures, _LARGEST),
            "crashes": min(delivery.crashes, _LARGEST),
            "max_attempts": min(delivery.max_attempts, _LARGEST),
            "max_crashes": min(delivery.max_crashes, _LARGEST),
            "fence": delivery.fence,
            "worker": self._worker,
            "enqueued_at": delivery.enqueued_at,
            "run_at": delivery.available_at,
            "claimed_at": delivery.claimed_at,
        }

    def _standing(self, standing: Standing) -> dict[str, Any]:
        final = standing.state in FINAL
        return {
            **_nothing_yet(),
            "id": standing.id,
            "version": 1,
            "broker": self._broker,
            "kind": standing.kind,
            "queue": standing.queue,
            "tenant": standing.tenant,
            "priority": standing.priority,
            "state": _waiting_as_scheduled(standing.state),
            "args": standing.args,
            "headers": to_json(dict(standing.headers)),
            "parent_id": standing.parent_id,
            "failures": min(standing.failures, _LARGEST),
            "crashes": min(standing.crashes, _LARGEST),
            "max_attempts": min(standing.max_attempts, _LARGEST),
            "max_crashes": min(standing.max_crashes, _LARGEST),
            "fence": 0,
            "enqueued_at": standing.enqueued_at,
            "run_at": standing.run_at,
            "claimed_at": standing.started_at,
            "started_at": standing.started_at if final else None,
            "finished_at": standing.finished_at if final else None,
            "result": standing.result,
            **_error(standing.failure),
        }

    def _settle(self, connection: sa.Connection, settlements: Sequence[Settlement]) -> None:
        known = _numbers(connection, [each.delivery.job_id for each in settlements])
        for each in settlements:
            seq = known.get(each.delivery.job_id)
            if seq is not None and _add_attempt(connection, seq, each, self._worker):
                # Whatever state a late look may have left it in: under this fence nobody knows better.
                held = sa.update(jobs).where(jobs.c.seq == seq, jobs.c.fence == each.delivery.fence)
                connection.execute(held, _ended(each))
                if each.artefacts:
                    connection.execute(sa.insert(artefacts), _artefacts(each))

    def _refusal(self, settlement: Settlement, now: int) -> dict[str, Any]:
        held = settlement.delivery
        return {
            "job_id": held.job_id,
            "attempt": min(held.attempt, _LARGEST),
            "at": now,
            "name": "settlement refused",
            "level": Level.WARNING.value,
            "text": f"{self._worker} no longer held the job (fence {held.fence}) when it reported: {settlement.cause}",
        }


def _nothing_yet() -> dict[str, Any]:
    names = ("key", "worker", "lease_until", "claimed_at", "started_at", "finished_at", "cancel_at", "progress")
    more = ("progress_text", "result", "error_code", "error_message", "error_fingerprint")
    return {**dict.fromkeys((*names, *more)), "limit_key": ""}


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
    held = settlement.delivery
    row = {
        "job": seq,
        "fence": held.fence,
        "number": min(held.attempt, _LARGEST),
        "worker": worker,
        "executor": settlement.executor,
        "available_at": held.available_at,
        "claimed_at": held.claimed_at,
        "started_at": settlement.started_at,
        "finished_at": settlement.finished_at,
        "state": settlement.state.value,
        "cause": settlement.cause.value,
        "charge": settlement.charge.value,
        "failure": None if settlement.failure is None else json.dumps(asdict(settlement.failure), ensure_ascii=False),
    }
    added = insert(connection.dialect, attempts, row).on_conflict_do_nothing().returning(attempts.c.job)
    return connection.execute(added).first() is not None


def _as_it_stands(settlement: Settlement, standing: Standing | None) -> Settlement:
    """A job that somebody cancelled, or that can't have its follow-up jobs, ended otherwise than its attempt said."""
    overruled = standing is not None and standing.state in FINAL and standing.state is not settlement.state
    if standing is None or not overruled:
        return settlement
    return settlement._replace(state=standing.state, failure=standing.failure or settlement.failure, result=None)


def _ended(settlement: Settlement) -> dict[str, Any]:
    held = settlement.delivery
    final = settlement.state in FINAL
    charged = settlement.charge.value
    return {
        "state": _waiting_as_scheduled(settlement.state),
        "worker": None,
        "claimed_at": held.claimed_at,
        "failures": min(held.failures + (charged == "attempt" and settlement.state is not State.COMPLETED), _LARGEST),
        "crashes": min(held.crashes + (charged == "crash"), _LARGEST),
        "run_at": held.available_at if final else after(settlement.finished_at, settlement.delay),
        "started_at": settlement.started_at,
        "finished_at": settlement.finished_at if final else None,
        "result": settlement.result,
        **_error(settlement.failure),
    }


def _artefacts(settlement: Settlement) -> list[dict[str, Any]]:
    held = settlement.delivery
    return [
        {
            "job_id": held.job_id,
            "attempt": min(held.attempt, _LARGEST),
            "at": settlement.finished_at,
            "name": each.name,
            "url": each.url,
            "media_type": each.media_type,
            "size": each.size,
            "sha256": each.sha256,
            "facts": to_json(dict(each.facts)),
        }
        for each in settlement.artefacts
    ]


def _error(reason: Failure | None) -> dict[str, str | None]:
    return {
        "error_code": reason.code if reason else None,
        "error_message": reason.message if reason else None,
        "error_fingerprint": reason.fingerprint if reason else None,
    }


def _waiting_as_scheduled(state: State) -> str:
    return (State.SCHEDULED if state is State.AVAILABLE else state).value
