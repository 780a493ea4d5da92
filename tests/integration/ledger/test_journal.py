"""The record of jobs of somebody else's broker: what it keeps, and that no worker of its database takes it for work."""

from dataclasses import replace

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.failure import failure
from millhand.core.fairness import Caps
from millhand.core.job import Delivery, NewJob
from millhand.core.outcome import Completed, Outcome
from millhand.core.ports import CancelResult
from millhand.core.retry import RetryPolicy
from millhand.core.settlement import Run, Settlement, settlement
from millhand.core.standing import Standing
from millhand.core.state import State
from millhand.database import Database
from millhand.ledger.inspector import Inspector
from millhand.ledger.journal import Journal
from millhand.ledger.retention import Retention, prune
from tests.integration.ledger.support import MovableClock, retry
from tests.unit.core.makers import delivery

DAY = 86_400.0


@pytest.fixture
async def journal(database: Database, broker: SqlBroker) -> Journal:
    del broker  # it has opened the database
    return Journal(database, "pgboss", "w-1")


@pytest.fixture
async def other(database: Database, broker: SqlBroker) -> Journal:
    """That of another worker."""
    del broker
    return Journal(database, "pgboss", "w-2")


def held(clock: MovableClock, job_id: str = "j-1") -> Delivery:
    """A lease on a job of theirs, taken now."""
    now = clock.now()
    about = {"fence": now, "claimed_at": now, "enqueued_at": now, "available_at": now}
    return delivery(job_id=job_id)._replace(queue="default", **about)


def ended(of: Delivery, outcome: Outcome, clock: MovableClock) -> Settlement:
    """How it ended, a second later; one that failed for now is due at once."""
    clock.move(1)
    run = Run(started_at=clock.now() - 1, finished_at=clock.now(), executor="executor-1")
    return settlement(of, outcome, RetryPolicy.fixed(0), run, 0.5)


async def test_a_job_from_its_delivery_to_its_end(
    journal: Journal, other: Journal, inspector: Inspector, clock: MovableClock
) -> None:
    first = held(clock)
    await journal.delivered([first])
    assert (await journal.jobs_of_others(), await other.jobs_of_others()) == ([], ["j-1"])
    await journal.settled([ended(first, retry("no answer"), clock)], {})
    assert (await inspector.job("j-1")).row.state is State.RETRYABLE
    second = held(clock)._replace(failures=1)
    await journal.delivered([second])
    done = ended(second, Completed(result='{"pages": 3}'), clock)
    for _ in range(2):  # the answer was lost, so it is told again
        await journal.settled([done], {})
    await journal.refused([ended(first, Completed(), clock)])
    shown = await inspector.job("j-1")
    assert (shown.row.state, shown.result) == (State.COMPLETED, {"pages": 3})
    assert [attempt.state for attempt in shown.attempts] == [State.RETRYABLE, State.COMPLETED]
    assert [event.name for event in shown.events] == ["settlement refused"]
    assert await other.jobs_of_others() == []


async def test_what_others_make_of_a_job_is_mirrored(
    journal: Journal, inspector: Inspector, clock: MovableClock
) -> None:
    await journal.delivered([held(clock, job_id) for job_id in ("failed", "waiting", "gone")])
    theirs = Standing(id="failed", kind="test.kind", queue="default", state=State.DISCARDED, args="{}")
    timed_out = replace(theirs, finished_at=clock.now(), failure=failure("exception", "job timed out"))
    await journal.mirror([timed_out, replace(theirs, id="waiting", state=State.AVAILABLE)])
    await journal.gone(["gone"])
    states = {row.id: (row.state, row.error_code) for row in (await inspector.jobs()).rows}
    assert states == {
        "failed": (State.DISCARDED, "exception"),
        "waiting": (State.SCHEDULED, None),
        "gone": (State.CANCELLED, "gone"),
    }
    assert await journal.jobs_of_others() == ["waiting"]


async def test_a_look_that_comes_late_changes_nothing_for_good(
    journal: Journal, inspector: Inspector, clock: MovableClock
) -> None:
    """Somebody else looks at a job, and notes what he saw only after it went on."""
    claim = held(clock)
    seen = Standing(id="j-1", kind="test.kind", queue="default", state=State.RUNNING, args="{}", started_at=claim.fence)
    await journal.delivered([claim])
    await journal.mirror([replace(seen, state=State.RETRYABLE, started_at=claim.fence - 1)])
    await journal.settled([ended(claim, Completed(), clock)], {})
    assert (await inspector.job("j-1")).row.state is State.COMPLETED
    await journal.mirror([seen])
    assert (await inspector.job("j-1")).row.state is State.COMPLETED
    await journal.mirror([replace(seen, started_at=clock.now())])  # somebody had it run again
    assert (await inspector.job("j-1")).row.state is State.RUNNING


async def test_no_worker_of_the_same_database_takes_a_record_for_work(
    journal: Journal, inspector: Inspector, broker: SqlBroker, clock: MovableClock
) -> None:
    running, again, done = (held(clock, job_id) for job_id in ("running", "again", "done"))
    await journal.delivered([running, again, done])
    await journal.settled([ended(again, retry("no answer"), clock), ended(done, Completed(), clock)], {})
    before = {row.id: row for row in (await inspector.jobs()).rows}
    clock.move(DAY)
    await broker.send([NewJob(id=clock.new_id(), kind="test.kind", args="{}", queue="default")])
    await broker.set_caps("default", Caps(queue=1))
    [own] = await broker.receive(10, 0)  # theirs is no part of our limit, and what is due there is not ours
    assert own.job_id not in before
    assert await broker.rescue() == 0
    assert await broker.purge("default") == 0
    assert await broker.retry(list(before)) == []
    assert {await broker.cancel(job_id) for job_id in before} == {CancelResult.UNKNOWN}
    assert {row.id: row for row in (await inspector.jobs()).rows if row.id in before} == before


async def test_a_record_is_forgotten_like_any_other(
    journal: Journal, inspector: Inspector, database: Database, clock: MovableClock
) -> None:
    running, done = held(clock, "running"), held(clock, "done")
    await journal.delivered([running, done])
    await journal.settled([ended(done, Completed(), clock)], {})
    clock.move(100 * DAY)
    assert (await prune(database, Retention())).jobs == 1
    assert [row.id for row in (await inspector.jobs()).rows] == ["running"]
