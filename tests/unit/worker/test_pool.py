"""Who is given which job, and what becomes of the jobs of an executor that dies."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog.testing

from millhand.core.events import Progress
from millhand.core.failure import failure
from millhand.core.limits import Limits
from millhand.core.outcome import Completed
from millhand.core.retry import RetryPolicy
from millhand.core.settlement import Settlement
from millhand.core.state import Cause, State
from millhand.telemetry.metrics import Metrics
from millhand.testing.clock import FakeClock
from millhand.worker.executor_handle import Executor, Kill
from millhand.worker.holdings import Holding, Holdings
from millhand.worker.messages import Ended, Exit, Failed, Hello, Leaving, Recalled, Rules, Run, Said, Started
from millhand.worker.pool import Pool
from millhand.worker.reporter import Reporter
from millhand.worker.settler import Settler
from tests.support import poll_until
from tests.unit.core.makers import delivery
from tests.unit.worker.brokers import Accepting
from tests.unit.worker.makers import HELLO, Listening, Notes, held, holdings_of, listening


@dataclass
class Mill:
    """A pool with what it works with."""

    pool: Pool
    holdings: Holdings
    settler: Settler
    reporter: Reporter
    broker: Accepting
    notes: Notes
    changes: list[int]
    stack: AsyncExitStack
    folder: Path
    clock: FakeClock

    async def executor(self, name: str, *, slots: int = 1) -> Listening:
        """Add an executor that is up."""
        one = await self.stack.enter_async_context(
            listening(self.folder, self.clock, name=name, slots=slots, ready=False)
        )
        self.pool.executors[name] = one.executor
        self.pool.hear(one.executor, [HELLO])
        return one

    def assign(self, *job_ids: str) -> list[Holding]:
        """Deliveries of these jobs come in."""
        jobs = held(self.holdings, *job_ids)
        self.pool.assign(jobs)
        return jobs

    async def settled(self) -> list[Settlement]:
        """What the broker is told."""
        await self.settler.turn()
        return self.broker.settled


@pytest.fixture
async def mill(tmp_path: Path) -> AsyncGenerator[Mill]:
    clock = FakeClock()
    broker, notes, changes = Accepting(), Notes(), list[int]()
    holdings = holdings_of(clock)
    settler = Settler(broker, holdings, clock, Metrics(), lambda: pool.rules, lambda: 0.5)
    reporter = Reporter(notes, clock)
    pool = Pool(settler, reporter, clock, lambda: changes.append(1))
    async with AsyncExitStack() as stack:
        yield Mill(pool, holdings, settler, reporter, broker, notes, changes, stack, tmp_path, clock)


def names(executor: Executor) -> list[str]:
    return [holding.job_id for holding in executor.given.values()]


async def test_jobs_go_to_the_emptiest_executor(mill: Mill) -> None:
    one, two = await mill.executor("one"), await mill.executor("two")
    mill.assign("a", "b")
    assert (names(one.executor), names(two.executor)) == (["a"], ["b"])
    await poll_until(lambda: one.heard_of(Run))


async def test_what_finds_no_room_waits_for_the_next_end(mill: Mill) -> None:
    one = await mill.executor("one")
    first, _ = mill.assign("a", "b")
    assert names(one.executor) == ["a"]
    mill.pool.hear(one.executor, [Ended(first.ticket, Completed(), 1, 2, 60.0)])
    assert names(one.executor) == ["b"]
    assert [each.state for each in await mill.settled()] == [State.COMPLETED]


async def test_jobs_wait_until_an_executor_is_up(mill: Mill) -> None:
    mill.assign("a")
    one = await mill.executor("one")
    assert names(one.executor) == ["a"]


async def test_a_closed_pool_gives_out_nothing(mill: Mill) -> None:
    one = await mill.executor("one")
    mill.pool.closed = True
    (job,) = mill.assign("a")
    assert names(one.executor) == []
    assert mill.pool.take_waiting() == [job]
    assert mill.pool.take_waiting() == []


async def test_a_job_whose_lease_was_lost_while_it_waited_is_not_run(mill: Mill) -> None:
    lost, kept = mill.assign("a", "b")
    lost.lost = True
    one = await mill.executor("one", slots=2)
    assert names(one.executor) == ["b"]
    assert kept.executor == "one"


async def test_what_finds_no_executor_for_long_is_left_to_other_workers(mill: Mill) -> None:
    one = await mill.executor("one")
    mill.assign("runs")
    mill.assign("waits")
    mill.clock.advance(0.9)
    mill.pool.hand_back()
    assert await mill.settled() == []
    mill.assign("is new")
    mill.clock.advance(0.2)
    mill.pool.hand_back()
    [handed_back] = await mill.settled()
    assert (handed_back.delivery.job_id, handed_back.cause) == ("waits", Cause.RELEASED)
    assert [holding.job_id for holding in mill.pool.take_waiting()] == ["is new"]
    assert names(one.executor) == ["runs"]


async def test_there_is_room_for_what_is_idle_and_then_only_in_bulk(mill: Mill) -> None:
    assert mill.pool.room == 0
    one = await mill.executor("one")
    assert mill.pool.room == 1
    (job,) = mill.assign("a")
    assert mill.pool.room == 0
    mill.pool.hear(one.executor, [Ended(job.ticket, Completed(), 1, 2, 0.001)])
    mill.assign("b")
    room = mill.pool.room
    assert room > 5
    mill.assign(*(str(number) for number in range(room - 2)))
    assert (one.executor.room, mill.pool.room) == (2, 0)


async def test_what_waits_takes_room(mill: Mill) -> None:
    mill.assign("a", "b")
    await mill.executor("one", slots=2)
    mill.assign("c")
    assert mill.pool.room <= 0


async def test_recalled_jobs_go_to_another_executor(mill: Mill) -> None:
    one = await mill.executor("one")
    (quick,) = mill.assign("quick")
    mill.pool.hear(one.executor, [Ended(quick.ticket, Completed(), 1, 2, 0.001)])
    _, behind = mill.assign("slow", "behind")
    assert names(one.executor) == ["slow", "behind"]
    two = await mill.executor("two")
    one.executor.recall()
    mill.pool.hear(one.executor, [Recalled([behind.ticket])])
    assert (names(one.executor), names(two.executor)) == (["slow"], ["behind"])


async def test_of_an_executor_that_dies_the_running_job_is_charged_and_the_others_run_elsewhere(mill: Mill) -> None:
    one = await mill.executor("one")
    (quick,) = mill.assign("quick")
    mill.pool.hear(one.executor, [Ended(quick.ticket, Completed(), 1, 2, 0.001)])
    ran, _ = mill.assign("ran", "waited")
    one.begins(ran)
    two = await mill.executor("two")
    mill.pool.gone(one.executor, "was killed by SIGKILL")
    assert names(two.executor) == ["waited"]
    told = (await mill.settled())[-1]
    assert (told.delivery.job_id, told.cause, told.charge) == ("ran", Cause.CRASHED, "crash")
    assert told.failure is not None
    assert told.failure.message == "the executor was killed by SIGKILL while it ran this job"
    assert list(mill.pool.executors) == ["two"]


async def test_a_job_that_was_not_begun_when_its_executor_died_is_not_charged(mill: Mill) -> None:
    one = await mill.executor("one")
    mill.assign("a")
    two = await mill.executor("two")
    mill.pool.gone(one.executor, "died")
    assert names(two.executor) == ["a"]
    assert await mill.settled() == []


async def test_the_last_executor_leaves_the_rules_of_its_kinds(mill: Mill) -> None:
    one = await mill.executor("one")
    rules = Rules(RetryPolicy(delays=(77.0,), jitter=0.0), Limits())
    mill.pool.hear(one.executor, [Hello({"test.kind": rules})])
    (job,) = mill.holdings.add([delivery(crashes=1)])
    mill.pool.assign([job])
    one.begins(job)
    mill.pool.gone(one.executor, "died")
    assert [each.delay for each in await mill.settled()] == [77.0]


@pytest.mark.parametrize(
    ("reason", "culprit", "neighbour"),
    [
        ("hard_limit", (Cause.FAILED, "attempt"), (Cause.RELEASED, "nothing")),
        ("cancelled", (Cause.CANCELLED, "nothing"), (Cause.RELEASED, "nothing")),
        ("draining", (Cause.RELEASED, "nothing"), (Cause.RELEASED, "nothing")),
        ("lost", (Cause.RELEASED, "nothing"), (Cause.RELEASED, "nothing")),
    ],
)
async def test_a_kill_charges_the_job_that_was_the_reason(
    mill: Mill, reason: str, culprit: tuple[Cause, str], neighbour: tuple[Cause, str]
) -> None:
    one = await mill.executor("one", slots=2)
    guilty, neighbour_job = mill.assign("guilty", "neighbour")
    one.begins(guilty, neighbour_job)
    one.executor.kill(Kill(reason, "had to go", guilty))
    mill.pool.gone(one.executor, "was killed by SIGKILL")
    assert [(each.cause, each.charge) for each in await mill.settled()] == [culprit, neighbour]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("memory_limit", (Cause.CRASHED, "crash")), ("start", (Cause.RELEASED, "nothing"))],
)
async def test_a_kill_for_no_one_job_treats_all_alike(mill: Mill, reason: str, expected: tuple[Cause, str]) -> None:
    one = await mill.executor("one", slots=2)
    one.begins(*mill.assign("a", "b"))
    one.executor.kill(Kill(reason, "had to go"))
    mill.pool.gone(one.executor, "was killed by SIGKILL")
    assert [(each.cause, each.charge) for each in await mill.settled()] == [expected, expected]


async def test_what_a_job_says_is_reported_while_its_lease_is_kept(mill: Mill) -> None:
    one = await mill.executor("one")
    (job,) = mill.assign("a")
    said = Said(job.ticket, Progress("a", 1, 1, 0.5))
    mill.pool.hear(one.executor, [said])
    mill.pool.hear(one.executor, [Said(99, Progress("z", 1, 1, 0.5))])
    job.lost = True
    mill.pool.hear(one.executor, [said])
    await mill.reporter.turn()
    assert mill.notes.events == [said.event]


async def test_a_start_is_noted_in_the_settlement(mill: Mill) -> None:
    one = await mill.executor("one")
    (job,) = mill.assign("a")
    one.begins(job)
    mill.pool.hear(one.executor, [Started(job.ticket, 1234)])
    mill.pool.gone(one.executor, "died")
    assert [each.started_at for each in await mill.settled()] == [1234]


async def test_one_that_cannot_start_says_why(mill: Mill) -> None:
    one = await mill.executor("one")
    reason = Failed(failure("app_not_found", "there is no app"))
    mill.pool.hear(one.executor, [reason])
    assert mill.pool.start_failure == reason
    assert mill.changes


async def test_one_that_is_leaving_is_given_no_more(mill: Mill) -> None:
    one = await mill.executor("one")
    mill.pool.hear(one.executor, [Leaving()])
    mill.assign("a")
    assert names(one.executor) == []
    await poll_until(lambda: one.heard_of(Exit))


async def test_a_message_of_the_wrong_direction_is_only_noted(mill: Mill) -> None:
    one = await mill.executor("one")
    with structlog.testing.capture_logs() as logged:
        mill.pool.hear(one.executor, [Exit()])
    assert [line["message"] for line in logged] == ["Exit"]
