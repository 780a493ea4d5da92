"""Schedules fire each tick once, whoever looks and whenever, and follow the clocks of their zone."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millhand.brokers.sql.send import insert_jobs
from millhand.core.clock import MICROSECONDS, as_datetime, as_instant
from millhand.core.cron import Cron, Missed
from millhand.core.errors import ConfigError, InvalidArgs, NotFound
from millhand.core.job import NewJob
from millhand.database import Database, Durability
from millhand.database.tables import jobs as jobs_table
from millhand.ledger.inspector import Inspector
from millhand.ledger.schedules import Insert, Schedule, Schedules
from tests.integration.ledger.support import MovableClock

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = Schedule(name="nightly", cron=Cron("30 2 * * *", "Europe/Berlin"), kind="test.kind")


@pytest.fixture
def stored(database: Database) -> Schedules:
    return Schedules(database)


@pytest.fixture
def insert(clock: MovableClock) -> Insert:
    return inserting(clock)


def inserting(clock: MovableClock) -> Insert:
    def insert(connection: sa.Connection, jobs: Sequence[NewJob]) -> object:
        return insert_jobs(connection, jobs, clock.now())

    return insert


def berlin(text: str, fold: int = 0) -> int:
    return as_instant(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold))


def ticks(jobs: Sequence[NewJob]) -> list[int]:
    return [as_instant(datetime.fromisoformat(job.headers["tick"])) for job in jobs]


async def fired_while(
    stored: Schedules, clock: MovableClock, insert: Insert, until: int, step: float
) -> list[tuple[int, int]]:
    """Look every `step` seconds until an instant; returns the ticks, each with when it was fired."""
    found = []
    while clock.now() < until:
        clock.move(step)
        found += [(tick, clock.now()) for tick in ticks(await stored.fire_due(insert))]
    return found


async def test_a_tick_becomes_a_job(
    stored: Schedules, clock: MovableClock, insert: Insert, inspector: Inspector
) -> None:
    await stored.put(
        Schedule(name="hourly", cron=Cron("0 * * * *"), kind="a.b", args='{"x": 1}', queue="q", tenant="t", priority=3)
    )
    assert await stored.fire_due(insert) == []
    planned = await stored.next_tick()
    assert planned is not None
    clock.instant = planned + 1
    [job] = await stored.fire_due(insert)
    shown = (await inspector.job(job.id)).row
    assert (shown.kind, shown.queue, shown.tenant, shown.priority) == ("a.b", "q", "t", 3)
    assert json.loads(job.args) == {"x": 1}
    assert await stored.fire_due(insert) == []
    [view] = await inspector.schedules()
    assert (view.last_at, view.last_job_id) == (planned, job.id)
    assert (view.next_at, await stored.next_tick()) == (planned + 3_600 * MICROSECONDS,) * 2
    assert view.explained == "At the start of every hour"


async def test_a_failing_insert_fires_nothing_and_loses_nothing(stored: Schedules, clock: MovableClock) -> None:
    await stored.put(NIGHTLY)
    planned = await stored.next_tick()
    assert planned is not None
    clock.instant = planned

    def broken(connection: sa.Connection, jobs: Sequence[NewJob]) -> object:
        raise ConfigError("no")

    with pytest.raises(ConfigError):
        await stored.fire_due(broken)
    assert await stored.next_tick() == planned
    assert len(await stored.fire_due(inserting(clock))) == 1


async def test_putting_again_keeps_the_switch_and_the_next_tick(
    stored: Schedules, clock: MovableClock, inspector: Inspector
) -> None:
    await stored.put(NIGHTLY)
    await stored.disable("nightly")
    planned = (await inspector.schedules())[0].next_at
    clock.move(7 * 86_400)
    await stored.put(Schedule(name="nightly", cron=NIGHTLY.cron, kind="other.kind"))
    [view] = await inspector.schedules()
    assert (view.kind, view.enabled, view.next_at) == ("other.kind", False, planned)
    await stored.put(Schedule(name="nightly", cron=Cron("0 4 * * *"), kind="other.kind"))
    assert (await inspector.schedules())[0].next_at > clock.now()
    await stored.remove("nightly")
    assert await inspector.schedules() == ()
    with pytest.raises(NotFound):
        await stored.remove("nightly")


async def test_what_passed_while_it_was_disabled_was_not_missed(
    stored: Schedules, clock: MovableClock, insert: Insert
) -> None:
    await stored.put(Schedule(name="s", cron=Cron("0 * * * *"), kind="test.kind", missed=Missed.ALL))
    await stored.disable("s")
    clock.move(10 * 3_600)
    assert await stored.fire_due(insert) == []
    assert await stored.next_tick() is None
    await stored.enable("s")
    assert await stored.fire_due(insert) == []
    clock.move(3_600)
    assert len(await stored.fire_due(insert)) == 1


@pytest.mark.parametrize(("missed", "expected"), [(Missed.SKIP, 0), (Missed.ONCE, 1), (Missed.ALL, 10)])
async def test_missed_ticks(
    stored: Schedules, clock: MovableClock, insert: Insert, missed: Missed, expected: int
) -> None:
    await stored.put(Schedule(name="s", cron=Cron("0 * * * *"), kind="test.kind", missed=missed))
    clock.instant = as_instant(as_datetime(clock.now()).replace(minute=30)) + 10 * 3_600 * MICROSECONDS
    assert len(await stored.fire_due(insert)) == expected
    assert await stored.fire_due(insert) == []


@pytest.mark.parametrize("args", ["[]", "nonsense", '"text"'])
async def test_arguments_must_be_an_object(stored: Schedules, args: str) -> None:
    with pytest.raises(InvalidArgs):
        await stored.put(Schedule(name="s", cron=Cron("0 * * * *"), kind="test.kind", args=args))


async def test_a_time_in_the_hour_that_is_skipped_fires_when_the_clocks_have_moved(
    stored: Schedules, clock: MovableClock, insert: Insert
) -> None:
    """Clocks in Berlin go from 02:00 to 03:00 on 2027-03-28, so there is no 02:30."""
    clock.instant = berlin("2027-03-27T12:00")
    await stored.put(NIGHTLY)
    fired = await fired_while(stored, clock, insert, berlin("2027-03-30T12:00"), 60)
    assert [tick for tick, _ in fired] == [
        berlin("2027-03-28T03:00"),
        berlin("2027-03-29T02:30"),
        berlin("2027-03-30T02:30"),
    ]
    assert all(0 <= at - tick <= 60 * MICROSECONDS for tick, at in fired)


async def test_a_time_in_the_hour_that_is_repeated_fires_once(
    stored: Schedules, clock: MovableClock, insert: Insert
) -> None:
    """Clocks in Berlin go from 03:00 back to 02:00 on 2027-10-31, so there are two 02:30."""
    clock.instant = berlin("2027-10-30T12:00")
    await stored.put(NIGHTLY)
    fired = await fired_while(stored, clock, insert, berlin("2027-11-01T12:00"), 60)
    assert [tick for tick, _ in fired] == [berlin("2027-10-31T02:30", fold=0), berlin("2027-11-01T02:30")]


async def test_each_quarter_of_an_hour_has_no_gap_and_no_double(
    stored: Schedules, clock: MovableClock, insert: Insert
) -> None:
    """An interval is not a time of day: it goes on through the change, in both directions."""
    for start, hours in (("2027-03-28T00:00", 5), ("2027-10-31T00:00", 7)):
        clock.instant = berlin(start)
        await stored.put(Schedule(name=start, cron=Cron("*/15 * * * *", "Europe/Berlin"), kind="test.kind"))
        fired = await fired_while(stored, clock, insert, berlin(start) + hours * 3_600 * MICROSECONDS, 60)
        quarter = 15 * 60 * MICROSECONDS
        assert [tick for tick, _ in fired] == [berlin(start) + quarter * n for n in range(1, hours * 4 + 1)]
        await stored.remove(start)


async def test_a_look_within_the_repeated_hour_fires_nothing_twice(
    stored: Schedules, clock: MovableClock, insert: Insert
) -> None:
    """A worker that comes back in the second pass of 02:00 to 03:00 makes up for 02:45 of the first pass, once."""
    clock.instant = berlin("2027-10-31T01:00")
    cron = Cron("15,45 2 * * *", "Europe/Berlin")
    await stored.put(Schedule(name="s", cron=cron, kind="test.kind", missed=Missed.ALL))
    clock.instant = berlin("2027-10-31T02:20", fold=1)
    first = ticks(await stored.fire_due(insert))
    fired = await fired_while(stored, clock, insert, berlin("2027-11-01T01:00"), 300)
    assert (first, fired) == ([berlin("2027-10-31T02:15", fold=0), berlin("2027-10-31T02:45", fold=0)], [])


@asynccontextmanager
async def two_processes_worth(folder: Path, clock: MovableClock) -> AsyncIterator[list[Database]]:
    """Two databases on one file, each with its own writer, as two workers have them."""
    url = f"sqlite:///{folder}/two.db"
    databases = [Database.at(url, clock=clock, durability=Durability.NORMAL) for _ in range(2)]
    for database in databases:
        await database.open()
    try:
        yield databases
    finally:
        for database in databases:
            await database.close()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    expression=st.sampled_from(["* * * * *", "*/20 * * * *", "30 2 * * *", "15,45 2 * * *", "0 3 * * SUN"]),
    missed=st.sampled_from(Missed),
    day=st.sampled_from(["2027-03-27T22:00", "2027-10-30T22:00", "2027-06-15T22:00"]),
    moves=st.lists(st.integers(1, 14_400), min_size=1, max_size=12),
)
def test_two_schedulers_fire_each_tick_at_most_once(
    tmp_path: Path, expression: str, missed: Missed, day: str, moves: Sequence[int]
) -> None:
    clock = MovableClock()
    clock.instant = start = berlin(day)
    cron = Cron(expression, "Europe/Berlin")
    fired = asyncio.run(race(tmp_path, clock, Schedule(name="s", cron=cron, kind="test.kind", missed=missed), moves))
    planned = list(takewhile(lambda tick: tick <= clock.now(), cron.after(start)))
    assert len(fired) == len(set(fired))
    assert set(fired) <= set(planned)
    if missed is Missed.ALL:
        assert fired == planned


async def race(folder: Path, clock: MovableClock, schedule: Schedule, moves: Sequence[int]) -> list[int]:
    """Let both look at once after each move of the clock; returns the ticks for which a job was stored."""
    insert = inserting(clock)
    fired: list[int] = []
    async with two_processes_worth(folder, clock) as databases:
        stored = [Schedules(database) for database in databases]
        before = await jobs_stored(databases[0])
        await stored[0].put(schedule)
        for seconds in moves:
            clock.move(seconds)
            answers = await asyncio.gather(*(one.fire_due(insert) for one in stored * 2))
            fired += [tick for jobs in answers for tick in ticks(jobs)]
        assert await jobs_stored(databases[1]) == before + len(fired)
        await stored[0].remove(schedule.name)
    return fired


async def jobs_stored(database: Database) -> int:
    every = sa.select(sa.func.count()).select_from(jobs_table)
    return await database.read(lambda connection: connection.scalar(every)) or 0
