"""Commands do what they say through the real broker, and those that took effect are in the audit trail."""

from dataclasses import replace

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.control import Control
from millhand.core.cron import Cron
from millhand.core.errors import NotFound, UsageError
from millhand.core.fairness import Caps
from millhand.core.ports import CancelResult
from millhand.core.state import State
from millhand.core.wish import Wish
from millhand.database import Database
from millhand.ledger.api_keys import ApiKeys
from millhand.ledger.audit import Audit
from millhand.ledger.inspector import Inspector
from millhand.ledger.schedules import Schedule, Schedules
from millhand.ledger.workers import WorkerCard, Workers
from tests.integration.ledger.support import Factory


@pytest.fixture
def control(broker: SqlBroker, database: Database) -> Control:
    return Control(
        broker=broker,
        schedules=Schedules(database),
        keys=ApiKeys(database),
        workers=Workers(database),
        audit=Audit(database),
        actor="cli:ann",
    )


async def trail(inspector: Inspector) -> list[tuple[str, str, str]]:
    entries = (await inspector.audit()).entries
    return [(entry.actor, entry.action, entry.target) for entry in reversed(entries)]


async def test_cancel_and_retry(control: Control, inspector: Inspector, factory: Factory) -> None:
    waiting = await factory.send()
    assert await control.cancel(waiting) is CancelResult.CANCELLED
    assert await control.cancel(waiting) is CancelResult.TOO_LATE
    assert await control.retry([waiting]) == [waiting]
    assert await control.retry([waiting]) == []
    await factory.claim()
    assert await control.cancel(waiting) is CancelResult.REQUESTED
    with pytest.raises(NotFound):
        await control.cancel("nope")
    assert await trail(inspector) == [
        ("cli:ann", "job.cancel", waiting),
        ("cli:ann", "job.retry", waiting),
        ("cli:ann", "job.cancel", waiting),
    ]


async def test_many_jobs_are_one_entry(control: Control, inspector: Inspector, factory: Factory) -> None:
    done = await factory.completed()
    ids = [await factory.send() for _ in range(3)]
    results = await control.acting_as("api:key-1").cancel_all([*ids, done, "nope"])
    assert list(results.values()) == [CancelResult.CANCELLED] * 3 + [CancelResult.TOO_LATE, CancelResult.UNKNOWN]
    [entry] = (await inspector.audit()).entries
    assert (entry.actor, entry.action, entry.target) == ("api:key-1", "job.cancel", "3 jobs")
    assert entry.details == {"jobs": ids}


async def test_queues(control: Control, inspector: Inspector, factory: Factory, broker: SqlBroker) -> None:
    waiting = await factory.send(queue="docs")
    await control.pause("docs")
    assert [stats.paused for stats in await broker.stats()] == [True]
    await control.resume("docs")
    await control.set_caps("docs", Caps(tenant=2))
    [docs] = await inspector.queues(await broker.stats())
    assert (docs.paused_at, docs.caps) == (None, Caps(tenant=2))
    with pytest.raises(UsageError, match="1 or more"):
        await control.set_caps("docs", Caps(queue=0))
    assert await control.purge("docs") == 1
    assert (await inspector.job(waiting)).row.state is State.CANCELLED
    assert [action for _, action, _ in await trail(inspector)] == [
        "queue.pause", "queue.resume", "queue.caps", "queue.purge",
    ]  # fmt: skip


async def test_schedules(control: Control, inspector: Inspector, factory: Factory) -> None:
    await control.schedules.put(Schedule(name="nightly", cron=Cron("0 3 * * *"), kind="test.kind", args='{"a": 1}'))
    job_id = await control.run_schedule("nightly")
    shown = await inspector.job(job_id)
    assert (shown.row.state, shown.args, shown.headers["schedule"]) == (State.AVAILABLE, {"a": 1}, "nightly")
    await control.disable_schedule("nightly")
    assert [one.enabled for one in await inspector.schedules()] == [False]
    await control.enable_schedule("nightly")
    assert [one.enabled for one in await inspector.schedules()] == [True]
    for command in (control.run_schedule, control.enable_schedule, control.disable_schedule):
        with pytest.raises(NotFound, match="no schedule 'nope'"):
            await command("nope")
    assert [action for _, action, _ in await trail(inspector)] == [
        "schedule.run", "schedule.disable", "schedule.enable",
    ]  # fmt: skip


async def test_workers(control: Control, inspector: Inspector) -> None:
    card = WorkerCard(id="w-1", host="h", pid=1, version="1", queues=(), kinds=(), slots=2, started_at=1)
    for command in (control.quiet_worker, control.resume_worker, control.stop_worker):
        with pytest.raises(NotFound, match="no worker 'w-1'"):
            await command("w-1")
    assert await control.workers.wished_of("w-1") is Wish.WORK
    await control.workers.beat(card)
    await control.quiet_worker("w-1")
    await control.workers.beat(replace(card, state="quiet"))
    assert await control.workers.wished_of("w-1") is Wish.QUIET
    assert [(one.wish, one.takes_jobs) for one in await inspector.workers()] == [(Wish.QUIET, False)]
    await control.resume_worker("w-1")
    await control.stop_worker("w-1")
    await control.stop_worker("w-1")
    with pytest.raises(UsageError, match="is stopping already"):
        await control.resume_worker("w-1")
    assert await control.workers.wished_of("w-1") is Wish.STOP
    assert await trail(inspector) == [
        ("cli:ann", f"worker.{action}", "w-1") for action in ("quiet", "resume", "stop", "stop")
    ]
