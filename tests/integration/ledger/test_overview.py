"""Queues, workers and the figures at a glance."""

from dataclasses import replace

from millhand.brokers.sql import SqlBroker
from millhand.core.fairness import Caps
from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.database import Database
from millhand.ledger.inspector import Inspector
from millhand.ledger.views import Count
from millhand.ledger.workers import WorkerCard, Workers
from tests.integration.ledger.support import START, Factory, MovableClock

CARD = WorkerCard(
    id="worker-1", host="h", pid=1, version="1", queues=(), kinds=("test.kind",), slots=2, started_at=START
)


async def test_queues_with_their_limits_workers_and_failures(
    inspector: Inspector, factory: Factory, broker: SqlBroker, database: Database
) -> None:
    workers = Workers(database)
    await workers.beat(CARD)
    await workers.beat(replace(CARD, id="worker-2", queues=("docs",), slots=4))
    await factory.discarded(queue="docs")
    await factory.send(queue="docs")
    await broker.set_caps("docs", Caps(queue=3))
    await broker.pause("mail")
    docs, mail = await inspector.queues(await broker.stats())
    assert (docs.stats.queue, docs.stats.available, docs.caps) == ("docs", 1, Caps(queue=3))
    assert (docs.workers, docs.slots, docs.discarded, docs.paused_at) == (2, 6, Count(1), None)
    assert (mail.stats.queue, mail.workers, mail.discarded) == ("mail", 1, Count(0))
    assert mail.paused_at == factory.clock.now()


async def test_a_queue_that_another_broker_tells_of(inspector: Inspector) -> None:
    [foreign] = await inspector.queues([QueueStats(queue="azure", available=7)])
    assert (foreign.stats.available, foreign.caps, foreign.workers) == (7, Caps(), 0)


async def test_a_worker_that_is_silent_is_marked_and_not_counted(
    inspector: Inspector, factory: Factory, database: Database, clock: MovableClock
) -> None:
    workers = Workers(database)
    await workers.beat(CARD)
    await factory.send()
    await factory.claim()
    [alive] = await inspector.workers()
    assert (alive.running, alive.silent) == (1, False)
    clock.move(40)
    await workers.beat(replace(CARD, id="worker-2"))
    assert [(one.id, one.silent) for one in await inspector.workers()] == [("worker-1", True), ("worker-2", False)]
    assert (await inspector.overview()).workers == 1


async def test_the_figures_at_a_glance(
    inspector: Inspector, factory: Factory, database: Database, clock: MovableClock
) -> None:
    await Workers(database).beat(CARD)
    await factory.completed()
    clock.move(70)
    await factory.completed()
    await factory.discarded()
    await factory.send()
    running = await factory.claim()
    oldest = clock.now()
    await factory.send()
    await factory.send()
    await Workers(database).beat(CARD)
    shown = await inspector.overview()
    assert shown.states[State.COMPLETED] == Count(2)
    assert shown.states[State.AVAILABLE] == Count(2)
    assert shown.last_minute == {State.COMPLETED: Count(1), State.DISCARDED: Count(1), State.CANCELLED: Count(0)}
    assert shown.oldest_ready == oldest
    assert (shown.workers, shown.slots) == (1, 2)
    assert [row.id for row in shown.running] == [running.job_id]
