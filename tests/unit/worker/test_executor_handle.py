"""How many jobs an executor is given, and what is taken back from it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from millhand.core.outcome import Completed
from millhand.testing.clock import FakeClock
from millhand.worker.executor_handle import Kill
from millhand.worker.holdings import Holding, Holdings
from millhand.worker.messages import Ended, Exit, Recall, Run, Started, Stop
from tests.support import poll_until
from tests.unit.worker.makers import Listening, held, holdings_of, listening


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def holdings(clock: FakeClock) -> Holdings:
    return holdings_of(clock)


@pytest.fixture
async def one(tmp_path: Path, clock: FakeClock) -> AsyncGenerator[Listening]:
    async with listening(tmp_path, clock) as one:
        yield one


def run_quickly(one: Listening, jobs: list[Holding], seconds: float = 0.0001) -> None:
    """Have it run these jobs."""
    one.executor.give(jobs)
    for holding in jobs:
        one.executor.ended_one(Ended(holding.ticket, Completed(), 1, 2, seconds))


async def test_it_has_no_room_until_it_is_up(tmp_path: Path, clock: FakeClock) -> None:
    async with listening(tmp_path, clock, ready=False) as one:
        assert (one.executor.ready, one.executor.room) == (False, 0)


async def test_at_first_it_is_given_one_job_for_each_slot(tmp_path: Path, clock: FakeClock, holdings: Holdings) -> None:
    async with listening(tmp_path, clock, slots=2) as one:
        assert one.executor.room == 2
        one.executor.give(held(holdings, "a"))
        assert one.executor.room == 1


async def test_quick_jobs_are_given_ahead_within_bounds(one: Listening, holdings: Holdings) -> None:
    run_quickly(one, held(holdings, "a"), seconds=0.001)
    assert 2 <= one.executor.room <= 30
    run_quickly(one, held(holdings, "b", "c", "d"), seconds=0.0)
    assert one.executor.room <= 501


async def test_slow_jobs_are_not_given_ahead(one: Listening, holdings: Holdings) -> None:
    run_quickly(one, held(holdings, "a"))
    run_quickly(one, held(holdings, "b"), seconds=2.0)
    assert one.executor.room == 1


async def test_what_waits_behind_a_slow_job_is_taken_back_once_and_not_given_again(
    one: Listening, holdings: Holdings
) -> None:
    run_quickly(one, held(holdings, "a"))
    slow, *behind = held(holdings, "slow", "b", "c")
    one.executor.give([slow, *behind])
    one.executor.recall()
    one.executor.recall()
    assert one.executor.give_back([each.ticket for each in behind]) == behind
    assert one.executor.room == 0
    await poll_until(lambda: len(one.heard_of(Recall)) == 1)
    one.executor.ended_one(Ended(slow.ticket, Completed(), 1, 2, 0.0001))
    assert one.executor.room > 1


async def test_room_is_never_below_none(one: Listening, holdings: Holdings) -> None:
    run_quickly(one, held(holdings, "a"))
    one.executor.give(held(holdings, "b", "c", "d"))
    one.executor.recall()
    assert one.executor.room == 0


async def test_there_is_nothing_to_take_back_from_one_that_only_runs(one: Listening, holdings: Holdings) -> None:
    one.executor.give(held(holdings, "a"))
    one.executor.send_given()
    one.executor.recall()
    one.executor.send_given()
    one.executor.retire()
    await poll_until(lambda: one.heard_of(Exit))
    assert [type(message) for message in one.heard] == [Run, Exit]


async def test_what_runs_is_what_its_slots_have_begun(one: Listening, holdings: Holdings, clock: FakeClock) -> None:
    first, second = held(holdings, "a", "b")
    one.executor.give([first, second])
    assert one.executor.running == []
    one.begins(first)
    assert one.executor.running == [first]
    clock.advance(3)
    one.executor.started_one(Started(first.ticket, 77))
    assert (first.started_at, first.running_since) == (77, 3.0)
    one.ends(first)
    assert (one.executor.running, one.executor.to_blame) == ([], [first])
    assert one.executor.ended_one(Ended(first.ticket, Completed(), 1, 2, 2.0)) is first
    assert one.executor.to_blame == []


async def test_what_was_true_in_another_executor_is_forgotten(
    one: Listening, holdings: Holdings, clock: FakeClock
) -> None:
    (job,) = held(holdings, "a")
    one.executor.give([job])
    one.executor.started_one(Started(job.ticket, 77))
    one.executor.stop_one(job, "draining")
    one.executor.give([job])
    assert (job.started_at, job.running_since, job.stop_sent, job.stop_reason) == (None, None, None, "")


async def test_words_on_jobs_that_it_no_longer_has_are_ignored(one: Listening) -> None:
    one.executor.started_one(Started(99, 1))
    assert one.executor.ended_one(Ended(99, Completed(), 1, 2, 0.1)) is None
    assert one.executor.give_back([99]) == []


async def test_the_first_reason_to_stop_stands(one: Listening, holdings: Holdings, clock: FakeClock) -> None:
    (job,) = held(holdings, "a")
    one.executor.give([job])
    one.executor.stop_one(job, "cancelled")
    clock.advance(1)
    one.executor.stop_one(job, "draining")
    assert (job.stop_reason, job.stop_sent) == ("cancelled", 0.0)
    await poll_until(lambda: one.heard_of(Stop))
    assert one.heard_of(Stop) == [Stop(job.ticket, "cancelled")]


async def test_the_first_reason_to_kill_stands_and_no_more_is_given(one: Listening) -> None:
    one.executor.kill(Kill("hard_limit", "too long"))
    one.executor.kill(Kill("draining", "stopping"))
    assert one.executor.killed == Kill("hard_limit", "too long")
    assert (one.executor.ready, one.executor.room) == (False, 0)


async def test_a_retiring_one_is_given_no_more(one: Listening) -> None:
    one.executor.retire()
    assert (one.executor.ready, one.executor.room) == (False, 0)
