"""What ended in each minute is summed once the minute is over, whoever sums, and told as the index of jobs tells it."""

import asyncio
from collections import Counter

import pytest
import sqlalchemy as sa

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import MICROSECONDS
from millhand.core.state import State
from millhand.database import Database
from millhand.database.tables import endings, jobs
from millhand.ledger.inspector import Inspector, activity
from millhand.ledger.inspector.endings import Bounds
from millhand.ledger.retention import Retention, prune
from millhand.ledger.sums import MINUTE, Sums, summed_until
from millhand.ledger.views import Activity
from tests.integration.ledger.support import Factory, MovableClock

_HOUR = 3_600
_DAY = 24 * _HOUR

Ended = Counter[tuple[int, str, State]]


async def caught_up(database: Database) -> None:
    sums = Sums(database)
    while await sums.roll_up():
        pass


async def by_index(database: Database) -> Ended:
    """What ended, by its minute, queue and state, as the jobs' rows say."""
    wanted = sa.select(jobs.c.finished_at, jobs.c.queue, jobs.c.state).where(jobs.c.finished_at.is_not(None))
    rows = await database.read(lambda connection: connection.execute(wanted).all())
    return Counter((row.finished_at // MINUTE * MINUTE, row.queue, State(row.state)) for row in rows)


async def by_sums(database: Database) -> Ended:
    rows = await database.read(lambda connection: connection.execute(sa.select(endings)).all())
    told = Ended()
    for row in rows:
        told[row.minute, row.queue, State(row.state)] += row.number
    return told


def told(shown: Activity) -> Ended:
    first = shown.until - len(shown.minutes) * MINUTE
    return Counter(
        {
            (first + place * MINUTE, queue, state): number
            for place, minute in enumerate(shown.minutes)
            for (queue, state), number in minute.items()
        }
    )


async def some_history(factory: Factory, broker: SqlBroker, clock: MovableClock) -> None:
    for number in range(12):
        await factory.completed(queue=f"queue-{number % 3}")
        await factory.discarded(f"page {number % 2} is broken", kind=f"kind.{number % 2}")
        if number % 4 == 0:
            await broker.cancel(await factory.send(queue="other"))
        clock.move(47 + 60 * (number % 3))


async def test_charts_show_the_same_before_and_after_minutes_are_summed(
    inspector: Inspector, factory: Factory, broker: SqlBroker, database: Database, clock: MovableClock
) -> None:
    await some_history(factory, broker, clock)
    before, trends = await inspector.activity(), [group.hours for group in await inspector.failures()]
    await caught_up(database)
    assert await database.read(summed_until) == (clock.now() - 10 * MICROSECONDS) // MINUTE * MINUTE
    assert told(await inspector.activity()) == told(before) == await by_index(database)
    assert [group.hours for group in await inspector.failures()] == trends
    assert len(before.minutes) == 60


async def test_several_may_sum_at_once(
    factory: Factory, broker: SqlBroker, database: Database, clock: MovableClock, url: str
) -> None:
    others = [Database.at(url, clock=clock, server_clock=clock) for _ in range(2)]
    for other in others:
        await other.open()
    try:
        for _ in range(2):
            await some_history(factory, broker, clock)
            clock.move(90)
            await asyncio.gather(*(caught_up(one) for one in (database, *others)))
            assert await by_sums(database) == await by_index(database)
    finally:
        for other in others:
            await other.close()


@pytest.mark.parametrize("late", [70.0, 300.0, 2.5 * _HOUR, 9.0 * _HOUR])
async def test_what_is_settled_late_is_counted_once(
    factory: Factory, database: Database, clock: MovableClock, late: float
) -> None:
    await caught_up(database)
    await factory.completed(queue="before")
    await factory.send()
    held = await factory.claim()
    ended = clock.now()
    clock.move(late)
    await caught_up(database)
    await database.write(
        lambda connection: connection.execute(
            sa.update(jobs).where(jobs.c.id == held.job_id).values(state="completed", finished_at=ended)
        )
    )
    clock.move(1.1 * late + 120)
    await caught_up(database)
    assert await by_sums(database) == await by_index(database)
    clock.move(_HOUR)
    await caught_up(database)
    assert await by_sums(database) == await by_index(database)


async def test_a_worker_that_has_slept_over_what_others_did_changes_nothing(
    factory: Factory, broker: SqlBroker, database: Database, clock: MovableClock
) -> None:
    slow = Sums(database)
    await some_history(factory, broker, clock)
    await slow.roll_up()
    clock.move(300)
    await caught_up(database)
    await some_history(factory, broker, clock)
    clock.move(90)
    while await slow.roll_up():
        pass
    assert await by_sums(database) == await by_index(database)


async def test_sums_outlive_the_jobs_and_go_at_their_own_age(
    inspector: Inspector, factory: Factory, database: Database, clock: MovableClock
) -> None:
    await factory.completed()
    await factory.discarded()
    kept = Retention(ages={State.COMPLETED: 60.0, State.DISCARDED: 60.0}, sums=_DAY)
    clock.move(200)
    await caught_up(database)
    before = told(await inspector.activity())
    assert (await prune(database, kept)).jobs == 2
    clock.move(120)
    await caught_up(database)
    assert before
    assert told(await inspector.activity()) == before
    clock.move(_DAY - _HOUR)
    await caught_up(database)
    assert (await prune(database, kept)).sums == 0
    clock.move(_HOUR)
    assert (await prune(database, kept)).sums == 2
    assert not await by_sums(database)


async def test_no_job_is_forgotten_before_it_is_summed(
    inspector: Inspector, factory: Factory, database: Database, clock: MovableClock
) -> None:
    await caught_up(database)
    await factory.completed()
    clock.move(300)
    hasty = Retention(ages={State.COMPLETED: 1.0})
    assert (await prune(database, hasty)).jobs == 0
    await caught_up(database)
    assert (await prune(database, hasty)).jobs == 1
    assert sum(told(await inspector.activity()).values()) == 1


async def test_what_was_run_again_has_ended_all_the_same(
    inspector: Inspector, factory: Factory, broker: SqlBroker, database: Database, clock: MovableClock
) -> None:
    failed = await factory.discarded()
    clock.move(120)
    await caught_up(database)
    await broker.retry([failed])
    clock.move(600)
    await caught_up(database)
    assert {state: number for (_, _, state), number in told(await inspector.activity()).items()} == {State.DISCARDED: 1}


async def test_where_too_many_end_in_the_open_minute_the_chart_stops_before_it(
    inspector: Inspector, factory: Factory, database: Database, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await factory.completed()
    clock.move(120)
    await caught_up(database)
    closed = await database.read(summed_until)
    for _ in range(4):
        await factory.completed()
    monkeypatch.setattr(activity, "_BOUNDS", Bounds(sums=100, jobs=3))
    shown = await inspector.activity()
    assert (shown.until, sum(told(shown).values())) == (closed, 1)


async def test_where_nobody_sums_the_newest_are_shown(
    inspector: Inspector, factory: Factory, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        await factory.completed()
        clock.move(60)
    monkeypatch.setattr(activity, "_BOUNDS", Bounds(sums=100, jobs=3))
    shown = await inspector.activity()
    assert sum(told(shown).values()) == 2
    assert len(shown.minutes) < 5
