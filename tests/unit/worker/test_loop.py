"""The life of a background part."""

import asyncio

import pytest
import structlog.testing

from millhand.core.errors import BrokerUnavailable
from millhand.testing.clock import FakeClock
from millhand.worker.chores import Chore
from millhand.worker.loop import Loop
from tests.support import poll_until


class Turning(Loop):
    """Counts its turns, and fails as often as it is told."""

    name = "turning"

    def __init__(self, clock: FakeClock, every: float = 0.0) -> None:
        super().__init__(clock, every)
        self.turns = 0
        self.failing = 0
        self.bug: Exception | None = None
        self.pauses: list[float] = []

    async def turn(self) -> None:
        self.turns += 1
        if self.bug is not None:
            raise self.bug
        if self.failing:
            self.failing -= 1
            raise BrokerUnavailable("the database is locked")

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await super().pause(min(seconds, 0.0))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def turned(loop: Turning, times: int) -> None:
    """Run a loop for so many turns."""
    running = asyncio.create_task(loop.run())
    await poll_until(lambda: loop.turns >= times)
    loop.stop()
    await running


async def test_it_turns_until_it_is_stopped(clock: FakeClock) -> None:
    loop = Turning(clock, every=0.0)
    await turned(loop, 3)
    assert loop.stopping


async def test_stopped_before_it_runs_it_never_turns(clock: FakeClock) -> None:
    loop = Turning(clock)
    loop.stop()
    loop.stop()
    await loop.run()
    assert loop.turns == 0


async def test_a_stop_cuts_the_pause_short(clock: FakeClock) -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    chore = Chore("sweeper", work, clock, every=3600)
    running = asyncio.create_task(chore.run())
    await poll_until(lambda: done)
    chore.stop()
    await asyncio.wait_for(running, 10)
    assert done == [1]


async def test_a_rouse_cuts_the_pause_short_and_none_is_lost(clock: FakeClock) -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)
        if len(done) == 1:
            chore.rouse()  # while it turns

    chore = Chore("sweeper", work, clock, every=3600)
    running = asyncio.create_task(chore.run())
    await poll_until(lambda: len(done) == 2)
    chore.rouse()
    await poll_until(lambda: len(done) == 3)
    chore.stop()
    await running


async def test_an_outage_is_waited_out_with_growing_pauses_and_told_once(clock: FakeClock) -> None:
    loop = Turning(clock, every=0.25)
    loop.failing = 8
    with structlog.testing.capture_logs() as logged:
        await turned(loop, 10)
    assert loop.pauses[:10] == [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 10.0, 10.0, 0.25, 0.25]
    told = [(line["log_level"], line["event"]) for line in logged]
    assert told == [
        ("warning", "the broker can't be reached; trying again"),
        ("info", "the broker is back"),
    ]
    assert logged[0]["reason"] == "the database is locked"
    assert logged[1]["failed_turns"] == 8


async def test_a_part_that_is_in_a_hurry_waits_for_no_longer_than_it_says(clock: FakeClock) -> None:
    loop = Turning(clock, every=0.25)
    loop.longest_pause = 1.5
    loop.failing = 5
    await turned(loop, 6)
    assert loop.pauses[:6] == [0.2, 0.5, 1.0, 1.5, 1.5, 0.25]


async def test_the_second_outage_is_told_again(clock: FakeClock) -> None:
    loop = Turning(clock)
    with structlog.testing.capture_logs() as logged:
        loop.failing = 1
        await turned(loop, 2)
        again = Turning(clock)
        again.failing = 1
        await turned(again, 2)
    assert [line["log_level"] for line in logged] == ["warning", "info"] * 2


async def test_a_bug_ends_it(clock: FakeClock) -> None:
    loop = Turning(clock)
    loop.bug = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        await loop.run()


async def test_its_age_shows_whether_it_moves(clock: FakeClock) -> None:
    loop = Turning(clock)
    clock.advance(7)
    assert loop.age == 7
    await turned(loop, 1)
    assert loop.age == 0


async def test_no_pause_of_an_outage_makes_it_look_stuck(clock: FakeClock) -> None:
    loop = Turning(clock, every=0.1)
    loop.failing = 8
    await turned(loop, 8)
    assert loop.limit > 2 * max(loop.pauses)
    assert Turning(clock, every=60).limit == 300
