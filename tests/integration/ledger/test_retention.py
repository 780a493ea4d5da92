"""What is old is forgotten by the state that it ended in, in batches; what lives never is."""

from dataclasses import replace

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.errors import ConfigError
from millhand.core.events import Level, LogLine
from millhand.core.state import State
from millhand.database import Database
from millhand.ledger.audit import Audit
from millhand.ledger.inspector import Inspector
from millhand.ledger.recorder import Recorder
from millhand.ledger.retention import Pruned, Retention, prune
from millhand.ledger.workers import Workers
from tests.integration.ledger.support import Factory, MovableClock
from tests.integration.ledger.test_overview import CARD

DAY = 86_400.0


async def test_each_final_state_has_its_age(
    inspector: Inspector, factory: Factory, broker: SqlBroker, database: Database, clock: MovableClock
) -> None:
    await factory.completed()
    discarded = await factory.discarded()
    cancelled = await factory.send()
    await broker.cancel(cancelled)
    ready, scheduled = await factory.send(), await factory.send(run_at=clock.now() + 10**15)
    clock.move(8 * DAY)
    done = await factory.completed(priority=1)
    assert (await prune(database, Retention())).jobs == 1
    kept = [row.id for row in (await inspector.jobs()).rows]
    assert kept == [done, scheduled, ready, cancelled, discarded]
    clock.move(23 * DAY)
    assert (await prune(database, Retention())).jobs == 3
    assert [row.id for row in (await inspector.jobs()).rows] == [scheduled, ready]


async def test_a_state_that_is_not_named_is_kept_for_ever(
    factory: Factory, database: Database, clock: MovableClock
) -> None:
    await factory.discarded()
    clock.move(10_000 * DAY)
    assert (await prune(database, Retention(ages={State.COMPLETED: DAY}))).jobs == 0


async def test_a_job_retried_by_hand_is_as_young_as_its_end(
    inspector: Inspector, factory: Factory, broker: SqlBroker, database: Database, clock: MovableClock
) -> None:
    job_id = await factory.discarded()
    clock.move(29 * DAY)
    await broker.retry([job_id])
    await factory.settle(await factory.claim())
    clock.move(2 * DAY)
    assert (await prune(database, Retention())).jobs == 0
    clock.move(6 * DAY)
    assert (await prune(database, Retention())).jobs == 1


async def test_pruning_goes_in_bounded_batches(
    inspector: Inspector, factory: Factory, database: Database, clock: MovableClock
) -> None:
    ids = [await factory.completed() for _ in range(7)]
    await Recorder(database).record([LogLine(job_id, 1, 1, Level.INFO, "x") for job_id in ids])
    clock.move(8 * DAY)
    policy = Retention(batch=2)
    assert await prune(database, policy, most_batches=2) == Pruned(jobs=4, events=4, more=True)
    assert [row.id for row in (await inspector.jobs()).rows] == ids[:3:-1]
    assert await prune(database, policy, most_batches=9) == Pruned(jobs=3, events=3)


async def test_silent_workers_and_old_audit_entries_go(
    inspector: Inspector, database: Database, clock: MovableClock
) -> None:
    await Workers(database).beat(CARD)
    await Audit(database).record("cli:ann", "queue.pause", "docs")
    clock.move(2 * 3_600)
    await Workers(database).beat(replace(CARD, id="worker-2"))
    assert (await prune(database, Retention())).workers == 1
    assert [one.id for one in await inspector.workers()] == ["worker-2"]
    clock.move(365 * DAY)
    await Audit(database).record("cli:ann", "queue.resume", "docs")
    assert (await prune(database, Retention())).audit == 1
    assert [entry.action for entry in (await inspector.audit()).entries] == ["queue.resume"]


@pytest.mark.parametrize("state", [State.RUNNING, State.AVAILABLE, State.RETRYABLE])
def test_jobs_that_live_are_never_to_be_pruned(state: State) -> None:
    with pytest.raises(ConfigError, match="never pruned"):
        Retention(ages={state: DAY})


def test_ages_and_batches_that_cant_be_meant_are_refused() -> None:
    with pytest.raises(ConfigError):
        Retention(ages={State.COMPLETED: -1.0})
    with pytest.raises(ConfigError):
        Retention(batch=0)
