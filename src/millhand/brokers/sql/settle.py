"""Record how deliveries ended, in one transaction: only who holds the lease may, and a repeat changes nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from millhand.brokers.sql.rows import ADD_ATTEMPTS, ADD_EVENTS, ADD_SUCCESSES, failure_text
from millhand.brokers.sql.send import insert_jobs
from millhand.core.clock import after
from millhand.core.events import Level
from millhand.core.failure import Failure, failure
from millhand.core.job import Delivery, NewJob
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import FINAL, WAITING, Cause, State
from millhand.database.bulk import Bulk, Given, bulk_insert, bulk_update
from millhand.database.numbers import among, numbers
from millhand.database.prepared import Prepared
from millhand.database.tables import artefacts, attempts, by_number, is_in, jobs, queues

_HELD = Prepared(
    by_number(
        sa.select(jobs.c.seq, jobs.c.fence, jobs.c.cancel_at)
        .where(among(jobs.c.seq, "seqs"), is_in(State.RUNNING), jobs.c.worker == sa.bindparam("worker"))
        .with_for_update()
    )
)
_SETTLED_BEFORE = sa.select(attempts.c.finished_at, attempts.c.cause, attempts.c.charge).where(
    attempts.c.job == sa.bindparam("job"), attempts.c.fence == sa.bindparam("fence")
)
_ANY_LIMIT = sa.select(
    sa.exists().where(
        queues.c.max_running.is_not(None)
        | queues.c.max_per_tenant.is_not(None)
        | queues.c.max_per_limit_key.is_not(None)
    )
)
_RENEW = sa.update(jobs).where(among(jobs.c.seq, "seqs")).values(lease_until=sa.bindparam("until"))

_LEASE = ("worker", "lease_until")
_ERROR = ("error_code", "error_message", "error_fingerprint")
_ENDED = ("started_at", "finished_at", "result")


def _complete(dialect: sa.Dialect, given: Given) -> sa.UpdateBase:
    """Complete the jobs that are still held, and return these: a fence, given out once, tells the holder as well."""
    del dialect
    values: dict[str, sa.ColumnElement[Any]] = {
        "state": sa.literal_column("'completed'"),
        **{name: sa.null() for name in (*_LEASE, *_ERROR)},
        **{name: given[name] for name in _ENDED},
    }
    held = (jobs.c.seq == given["of_seq"]) & (jobs.c.fence == given["of_fence"]) & is_in(State.RUNNING)
    return sa.update(jobs).where(held).values(values).returning(jobs.c.seq, jobs.c.fence)


_COMPLETE = Bulk(
    {**{name: jobs.c[name] for name in _ENDED}, "of_seq": jobs.c.seq, "of_fence": jobs.c.fence},
    _complete,
)
_MOVED = ("state", "run_at", "started_at", "finished_at", "error_code", "error_message", "error_fingerprint")
_MOVE = bulk_update(
    jobs.c.seq,
    {
        **{name: jobs.c[name] for name in _MOVED},
        "charged_failures": jobs.c.failures,
        "charged_crashes": jobs.c.crashes,
    },
    lambda given: {
        **{name: given[name] for name in _MOVED},
        **{name: sa.null() for name in _LEASE},
        "failures": jobs.c.failures + given["charged_failures"],
        "crashes": jobs.c.crashes + given["charged_crashes"],
    },
)
_ADD_ARTEFACTS = bulk_insert(
    artefacts, ("job_id", "attempt", "at", "name", "url", "media_type", "size", "sha256", "facts")
)


@dataclass(frozen=True, slots=True)
class Settled:
    """Which settlements were accepted, and whether jobs became ready, or room for waiting ones."""

    accepted: list[bool]
    others_may_go_on: bool


_Holding = tuple[int, int | None]
"""The fence of a lease, and the instant at which somebody asked to cancel the job."""

_NOT_HELD: _Holding = (-1, None)


def settle(connection: sa.Connection, settlements: Sequence[Settlement], worker: str, now: int) -> Settled:
    """Accept the settlements of deliveries that are still held; refuse the others, and record that."""
    completed = _completed(connection, [each for each in settlements if each.state is State.COMPLETED])
    moved = [each for each in settlements if each.state is not State.COMPLETED]
    held = holdings(connection, [each.delivery for each in moved], worker)
    accepted: list[Settlement] = []
    answers = [False] * len(settlements)
    doubtful: list[int] = []
    for place, each in enumerate(settlements):
        of_state = completed if each.state is State.COMPLETED else held
        fence, cancel_at = of_state.get(each.delivery.receipt, _NOT_HELD)
        if fence != each.delivery.fence:
            doubtful.append(place)
            continue
        del of_state[each.delivery.receipt]
        accepted.append(each if cancel_at is None else _as_cancelled(each))
        answers[place] = True
    _apply(connection, accepted, worker, now)
    for place in doubtful:
        answers[place] = _was_accepted(connection, settlements[place])
        if not answers[place]:
            _record_refusal(connection, settlements[place], worker, now)
    return Settled(answers, _others_may_go_on(connection, accepted))


def extend(connection: sa.Connection, deliveries: Sequence[Delivery], worker: str, until: int) -> list[bool]:
    """Move the ends of leases that are still held; say which are."""
    held = holdings(connection, deliveries, worker)
    answers = [held.get(each.receipt, _NOT_HELD)[0] == each.fence for each in deliveries]
    seqs = [each.receipt for each, ok in zip(deliveries, answers, strict=True) if ok]
    if seqs:
        connection.execute(_RENEW, {"seqs": numbers(seqs), "until": until})
    return answers


def holdings(connection: sa.Connection, deliveries: Sequence[Delivery], worker: str) -> dict[int | str, _Holding]:
    """What of these deliveries the worker still holds, whatever their fence."""
    if not deliveries:
        return {}
    seqs = numbers(each.receipt for each in deliveries)
    return {seq: (fence, cancel_at) for seq, fence, cancel_at in _HELD.rows(connection, seqs=seqs, worker=worker)}


def _as_cancelled(settlement: Settlement) -> Settlement:
    """A job that somebody cancelled while it ran is not run again."""
    if settlement.state not in WAITING:
        return settlement
    reason = settlement.failure or failure("cancelled", "cancelled while it ran")
    return settlement._replace(state=State.CANCELLED, cause=Cause.CANCELLED, failure=reason, delay=0.0)


def _completed(connection: sa.Connection, settlements: Sequence[Settlement]) -> dict[int | str, _Holding]:
    """Complete what was held to the end; a job that had ended well can't be cancelled any more."""
    rows = [
        (each.started_at, each.finished_at, each.result, each.delivery.receipt, each.delivery.fence)
        for each in settlements
    ]
    return {seq: (fence, None) for seq, fence in _COMPLETE.returned(connection, rows)}


def _apply(connection: sa.Connection, accepted: Sequence[Settlement], worker: str, now: int) -> None:
    ADD_SUCCESSES.run(connection, [_ran(each, worker) for each in accepted if each.state is State.COMPLETED])
    moved = [each for each in accepted if each.state is not State.COMPLETED]
    _MOVE.run(connection, [_moved(each, now) for each in moved])
    ADD_ATTEMPTS.run(connection, [(*_ran(each, worker), *_ended(each)) for each in moved])
    _ADD_ARTEFACTS.run(connection, [row for each in accepted if each.artefacts for row in _artefacts(each)])
    follow_ups = [_child(each, job) for each in accepted for job in each.follow_ups]
    if follow_ups:
        insert_jobs(connection, follow_ups, now)


def _moved(settlement: Settlement, now: int) -> tuple[object, ...]:
    final = settlement.state in FINAL
    reason = settlement.failure or _NO_FAILURE
    return (
        settlement.state.value,
        settlement.delivery.available_at if final else after(now, settlement.delay),
        settlement.started_at,
        settlement.finished_at if final else None,
        reason.code or None,
        reason.message or None,
        reason.fingerprint or None,
        int(settlement.charge is Charge.ATTEMPT),
        int(settlement.charge is Charge.CRASH),
        settlement.delivery.receipt,
    )


_NO_FAILURE = Failure("", "", "")


def _ran(settlement: Settlement, worker: str) -> tuple[object, ...]:
    held = settlement.delivery
    return (
        held.receipt,
        held.fence,
        held.attempt,
        worker,
        settlement.executor,
        held.available_at,
        held.claimed_at,
        settlement.started_at,
        settlement.finished_at,
    )


def _ended(settlement: Settlement) -> tuple[object, ...]:
    return (
        settlement.state.value,
        settlement.cause.value,
        settlement.charge.value,
        failure_text(settlement.failure),
    )


def _artefacts(settlement: Settlement) -> list[tuple[object, ...]]:
    held = settlement.delivery
    return [
        (
            held.job_id,
            held.attempt,
            settlement.finished_at,
            each.name,
            each.url,
            each.media_type,
            each.size,
            each.sha256,
            json.dumps(dict(each.facts), ensure_ascii=False, default=str),
        )
        for each in settlement.artefacts
    ]


def _child(settlement: Settlement, job: NewJob) -> NewJob:
    return job if job.parent_id else job._replace(parent_id=settlement.delivery.job_id)


def _was_accepted(connection: sa.Connection, settlement: Settlement) -> bool:
    """Whether this is the repeat of a settlement that was accepted, whose answer was lost."""
    held = settlement.delivery
    row = connection.execute(_SETTLED_BEFORE, {"job": held.receipt, "fence": held.fence}).one_or_none()
    if row is None or (row.finished_at, row.charge) != (settlement.finished_at, settlement.charge):
        return False
    overruled = row.cause == Cause.CANCELLED and settlement.state in WAITING
    return row.cause == settlement.cause or overruled


def _record_refusal(connection: sa.Connection, settlement: Settlement, worker: str, now: int) -> None:
    held = settlement.delivery
    text = f"{worker} no longer held the lease (fence {held.fence}) when it reported: {settlement.cause}"
    ADD_EVENTS.run(connection, [(held.job_id, held.attempt, now, "settlement refused", Level.WARNING.value, text)])


def _others_may_go_on(connection: sa.Connection, accepted: Sequence[Settlement]) -> bool:
    if any(each.follow_ups or each.state not in FINAL for each in accepted):
        return True
    return bool(accepted) and bool(connection.scalar(_ANY_LIMIT))
