"""Leases are renewed in time, cancels are carried, limits are enforced, and no more is fetched than there is room."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from millhand.core.job import Delivery
from millhand.core.limits import MIB, Limits
from millhand.core.outcome import Completed
from millhand.core.retry import RetryPolicy
from millhand.core.state import Cause, State
from millhand.telemetry.metrics import Metrics
from millhand.testing.clock import FakeClock
from millhand.worker.canceller import Canceller
from millhand.worker.fetcher import Fetcher
from millhand.worker.holdings import Holding, Holdings
from millhand.worker.leases import Leases
from millhand.worker.messages import Ended, Hello, Recall, Rules, Started, Stop
from millhand.worker.pool import Pool
from millhand.worker.reporter import Reporter
from millhand.worker.settings import WorkerSettings
from millhand.worker.settler import Settler
from millhand.worker.watchdog import Watchdog
from tests.support import poll_until
from tests.unit.core.makers import delivery
from tests.unit.worker.brokers import Accepting
from tests.unit.worker.makers import Listening, Notes, held, holdings_of, listening

SETTINGS = WorkerSettings(lease=9.0, kill_after=5.0, memory_limit=None)


class Asked(Notes):
    """A ledger in which somebody asked to cancel some jobs; `questions` are those that it was asked about."""

    def __init__(self, *cancelled: str) -> None:
        super().__init__()
        self.cancelled = set(cancelled)
        self.questions: list[list[str]] = []

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Those of them."""
        self.questions.append(list(job_ids))
        return self.cancelled.intersection(job_ids)


@dataclass
class Mill:
    """A pool with one executor that only listens."""

    clock: FakeClock
    broker: Accepting
    holdings: Holdings
    pool: Pool
    settler: Settler
    one: Listening
    folder: Path

    def given(self, *job_ids: str) -> list[Holding]:
        """Jobs that the executor has been given."""
        jobs = held(self.holdings, *job_ids)
        self.pool.assign(jobs)
        return jobs

    def running(self, *job_ids: str) -> list[Holding]:
        """Jobs that the executor has been given, and of which it runs the first."""
        jobs = self.given(*job_ids)
        self.one.begins(jobs[0])
        return jobs

    def use_rules(self, limits: Limits) -> None:
        """Limits of the kind from now on."""
        self.pool.hear(self.one.executor, [Hello({"test.kind": Rules(RetryPolicy(), limits)})])

    def watchdog(self, settings: WorkerSettings = SETTINGS) -> Watchdog:
        """A watchdog of this pool."""
        return Watchdog(self.pool, self.clock, Metrics(), settings)

    def leases(self) -> Leases:
        """What renews the leases."""
        return Leases(self.broker, self.pool, self.holdings, self.clock, Metrics(), SETTINGS)

    def fetcher(self) -> Fetcher:
        """What fetches."""
        return Fetcher(self.broker, self.pool, self.holdings, self.settler, self.clock, Metrics(), 0.01)

    def canceller(self, *cancelled: str) -> tuple[Canceller, Asked]:
        """What carries cancel requests, and the ledger that it asks."""
        asked = Asked(*cancelled)
        return Canceller(asked, self.pool, self.holdings, self.clock), asked


@pytest.fixture
async def mill(tmp_path: Path) -> AsyncGenerator[Mill]:
    clock = FakeClock()
    broker, holdings = Accepting(), holdings_of(clock)
    settler = Settler(broker, holdings, clock, Metrics(), lambda: pool.rules, lambda: 0.5)
    pool = Pool(settler, Reporter(Notes(), clock), clock, lambda: None)
    async with listening(tmp_path, clock, ready=False) as one:
        pool.executors["executor-1"] = one.executor
        mill = Mill(clock, broker, holdings, pool, settler, one, tmp_path)
        mill.use_rules(Limits(hard=10))
        yield mill


# Leases


async def test_a_lease_is_renewed_when_it_is_due(mill: Mill) -> None:
    (job,) = mill.given("a")
    leases = mill.leases()
    await leases.turn()
    assert mill.broker.extended == []
    mill.clock.advance(SETTINGS.renew_every)
    await leases.turn()
    await leases.turn()
    assert mill.broker.extended == ["a"]
    assert job.renewed == SETTINGS.renew_every


async def test_renewing_comes_back_soon_after_an_outage(mill: Mill) -> None:
    assert mill.leases().longest_pause < SETTINGS.renew_every


async def test_the_job_of_a_lost_lease_is_stopped_and_its_result_dropped(mill: Mill) -> None:
    mill.broker.lost = {"a"}
    (job,) = mill.given("a")
    mill.clock.advance(5)
    await mill.leases().turn()
    assert job.lost
    await poll_until(lambda: mill.one.heard_of(Stop))
    mill.pool.hear(mill.one.executor, [Ended(job.ticket, Completed(), 1, 2, 0.1)])
    await mill.settler.turn()
    assert (mill.broker.settled, len(mill.holdings)) == ([], 0)


async def test_a_lost_lease_of_a_waiting_job_is_let_go_at_once(mill: Mill) -> None:
    mill.broker.lost = {"b"}
    mill.given("a", "b")
    mill.clock.advance(5)
    await mill.leases().turn()
    assert [held.job_id for held in mill.holdings] == ["a"]


async def test_a_job_that_is_settled_while_its_lease_is_renewed_was_not_lost(mill: Mill) -> None:
    mill.broker.lost = {"a"}
    (job,) = mill.given("a")
    mill.clock.advance(5)
    renewing = asyncio.create_task(mill.leases().turn())
    await asyncio.sleep(0)  # the question is under way
    mill.holdings.drop(job)
    await renewing
    assert (mill.broker.extended, job.lost) == (["a"], False)


async def test_the_lease_of_a_job_whose_settlement_is_under_way_is_no_lost_one(mill: Mill) -> None:
    mill.broker.lost = {"a"}
    (job,) = mill.given("a")
    mill.pool.hear(mill.one.executor, [Ended(job.ticket, Completed(), 1, 2, 0.1)])
    mill.clock.advance(5)
    await mill.leases().turn()
    assert (mill.broker.extended, job.lost, job in mill.holdings) == (["a"], False, True)


# Cancelling


async def test_a_cancel_reaches_the_executor_once(mill: Mill) -> None:
    job, _ = mill.given("a", "b")
    canceller, asked = mill.canceller("a", "b")
    mill.clock.advance(1)
    await canceller.turn()
    await canceller.turn()
    assert (job.stop_reason, asked.questions) == ("cancelled", [["a", "b"], ["b"]])
    await poll_until(lambda: mill.one.heard_of(Stop))
    assert mill.one.heard_of(Stop) == [Stop(job.ticket, "cancelled")]


async def test_nobody_is_asked_about_nothing_or_about_what_has_just_begun(mill: Mill) -> None:
    canceller, asked = mill.canceller("a")
    await canceller.turn()
    idle = canceller.every
    (job,) = mill.given("a")
    await canceller.turn()
    job.lost = True
    mill.clock.advance(1)
    await canceller.turn()
    assert asked.questions == []
    assert canceller.every < idle


# Limits


async def test_the_hard_limit_kills_the_executor(mill: Mill) -> None:
    (job,) = mill.running("a")
    watchdog = mill.watchdog()
    await watchdog.turn()
    mill.clock.advance(10)
    await watchdog.turn()
    assert mill.one.executor.killed is None
    mill.clock.advance(0.1)
    await watchdog.turn()
    assert mill.one.executor.killed is not None
    assert (mill.one.executor.killed.reason, mill.one.executor.killed.culprit) == ("hard_limit", job)
    await watchdog.turn()  # it is left alone now


async def test_a_job_that_does_not_stop_is_killed_for_the_reason_it_was_to_stop(mill: Mill) -> None:
    (job,) = mill.running("a")
    mill.one.executor.stop_one(job, "cancelled")
    mill.clock.advance(5.1)
    await mill.watchdog().turn()
    assert mill.one.executor.killed is not None
    assert (mill.one.executor.killed.reason, mill.one.executor.killed.culprit) == ("cancelled", job)


async def test_an_executor_that_begins_nothing_is_replaced_and_its_jobs_are_not_charged(mill: Mill) -> None:
    mill.given("a")
    watchdog = mill.watchdog()
    mill.clock.advance(29)
    await watchdog.turn()
    assert mill.one.executor.killed is None
    mill.clock.advance(2)
    await watchdog.turn()
    assert mill.one.executor.killed is not None
    assert mill.one.executor.killed.culprit is None


async def test_jobs_behind_a_slow_one_are_taken_back(mill: Mill) -> None:
    (quick,) = mill.given("quick")
    mill.pool.hear(mill.one.executor, [Ended(quick.ticket, Completed(), 1, 2, 0.001)])
    slow, _ = mill.running("slow", "behind")
    mill.pool.hear(mill.one.executor, [Started(slow.ticket, 1)])
    mill.clock.advance(0.2)
    await mill.watchdog().turn()
    await poll_until(lambda: mill.one.heard_of(Recall))


@pytest.mark.parametrize(
    ("own", "of_worker", "killed"),
    [(None, 1, True), (None, None, False), (1, None, True), (500 * MIB, 1, False), (1, 500 * MIB, True)],
)
async def test_the_memory_limit_is_the_kinds_own_or_else_the_workers(
    mill: Mill,
    own: int | None,
    of_worker: int | None,
    killed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    mill.use_rules(Limits(memory=own))
    mill.running("a")
    await mill.watchdog(WorkerSettings(memory_limit=of_worker)).turn()
    kill = mill.one.executor.killed
    assert (kill is not None) == killed
    assert kill is None or (kill.reason, kill.culprit) == ("memory_limit", None)


async def test_a_kind_that_nobody_knows_has_only_the_workers_limits(mill: Mill) -> None:
    mill.pool.rules = {}
    mill.running("a")
    watchdog = mill.watchdog()
    await watchdog.turn()
    mill.clock.advance(1_000)
    await watchdog.turn()
    assert mill.one.executor.killed is None


async def test_the_watchdog_rests_while_nothing_runs(mill: Mill) -> None:
    watchdog = mill.watchdog()
    await watchdog.turn()
    resting = watchdog.every
    mill.given("a")
    await watchdog.turn()
    assert watchdog.every < resting


@pytest.mark.parametrize("which", ["watchdog", "canceller"])
async def test_work_ends_the_rest_at_once(mill: Mill, which: str) -> None:
    loop = mill.watchdog() if which == "watchdog" else mill.canceller()[0]
    loop.wake()
    await loop.turn()
    running = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    mill.given("a")
    loop.wake()
    await poll_until(lambda: loop.every < 0.5, within=0.9)
    loop.stop()
    await running


# Fetching


async def test_as_many_are_fetched_as_there_is_room_for(mill: Mill) -> None:
    mill.broker.ready = [delivery(job_id="a"), delivery(job_id="b")]
    await mill.fetcher().turn()
    assert [held.job_id for held in mill.holdings] == ["a"]
    assert [each.job_id for each in mill.broker.ready] == ["b"]


async def test_it_goes_on_asking_while_there_is_room(mill: Mill) -> None:
    fetcher = mill.fetcher()
    turning = asyncio.create_task(fetcher.turn())
    await asyncio.sleep(0)
    mill.broker.ready = [delivery(job_id="late")]
    await turning
    assert [held.job_id for held in mill.holdings] == ["late"]


async def test_what_was_on_its_way_at_the_stop_is_not_run(mill: Mill) -> None:
    fetcher = mill.fetcher()
    mill.broker.ready = [delivery(job_id="a")]
    turning = asyncio.create_task(fetcher.turn())
    await asyncio.sleep(0)
    fetcher.stop()
    await turning
    await mill.settler.turn()
    released = [each.delivery.job_id for each in mill.broker.settled if each.cause is Cause.RELEASED]
    assert [*released, *(each.job_id for each in mill.broker.ready)] == ["a"]
    assert not mill.one.executor.given


async def test_an_envelope_of_a_newer_version_is_discarded_with_the_reason(mill: Mill) -> None:
    newer = Delivery(receipt=1, fence=1, job_id="new", kind="test.kind", args="{}", version=99)
    mill.broker.ready = [newer, delivery(job_id="a")]
    await mill.fetcher().turn()
    await mill.settler.turn()
    (told,) = mill.broker.settled
    assert (told.state, told.failure.code if told.failure else "") == (State.DISCARDED, "unknown_version")
    assert [held.job_id for held in mill.holdings] == ["a"]
