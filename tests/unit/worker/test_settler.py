"""Settlements are told until the broker has answered, through outages, and each once."""

import asyncio
from dataclasses import dataclass

import pytest
import structlog.testing

from millhand.core.limits import Limits
from millhand.core.outcome import Completed, Crashed, Released
from millhand.core.retry import RetryPolicy
from millhand.core.settlement import Run
from millhand.core.state import Cause, State
from millhand.telemetry.metrics import Metrics
from millhand.testing.clock import FakeClock
from millhand.testing.flaky import FlakyBroker
from millhand.worker.holdings import Holdings
from millhand.worker.messages import Rules
from millhand.worker.settler import Settler
from tests.support import poll_until
from tests.unit.core.makers import OOPS, delivery, new_job
from tests.unit.worker.brokers import Accepting
from tests.unit.worker.makers import held, holdings_of

RUN = Run(started_at=1, finished_at=2, executor="executor-1")


@dataclass
class Parts:
    """A settler and what it works with."""

    broker: Accepting
    flaky: FlakyBroker
    holdings: Holdings
    rules: dict[str, Rules]
    settler: Settler


@pytest.fixture
def parts() -> Parts:
    clock, broker, rules = FakeClock(), Accepting(), dict[str, Rules]()
    flaky, holdings = FlakyBroker(broker), holdings_of(clock)
    return Parts(broker, flaky, holdings, rules, Settler(flaky, holdings, clock, Metrics(), lambda: rules, lambda: 0.5))


async def test_an_accepted_settlement_ends_the_holding(parts: Parts) -> None:
    (job,) = held(parts.holdings, "a")
    parts.settler.put(job, Completed('"x"'), RUN)
    assert not parts.settler.idle
    await parts.settler.turn()
    assert [(each.state, each.result) for each in parts.broker.settled] == [(State.COMPLETED, '"x"')]
    assert (parts.settler.idle, parts.settler.settled, len(parts.holdings)) == (True, 1, 0)


async def test_a_refused_one_ends_it_too_and_is_told(parts: Parts) -> None:
    parts.broker.lost = {"a"}
    (job,) = held(parts.holdings, "a")
    parts.settler.put(job, Completed(), RUN)
    with structlog.testing.capture_logs() as logged:
        await parts.settler.turn()
    assert (parts.settler.settled, len(parts.holdings)) == (0, 0)
    assert [(line["event"], line["job_id"]) for line in logged] == [("settlement refused: the lease was lost", "a")]


async def test_what_is_no_longer_ours_is_only_let_go(parts: Parts) -> None:
    (job,) = held(parts.holdings, "a")
    job.lost = True
    parts.settler.put(job, Completed(), RUN)
    assert (parts.settler.idle, len(parts.holdings)) == (True, 0)


async def test_the_kinds_own_policy_decides(parts: Parts) -> None:
    parts.rules["test.kind"] = Rules(RetryPolicy(delays=(77.0,), jitter=0.0), Limits())
    (job,) = parts.holdings.add([delivery(crashes=1)])
    parts.settler.put(job, Crashed(OOPS), RUN)
    await parts.settler.turn()
    assert [each.delay for each in parts.broker.settled] == [77.0]


async def test_a_job_that_never_ran_here_is_released(parts: Parts) -> None:
    (job,) = held(parts.holdings, "a")
    parts.settler.release(job, Released("stopping"))
    await parts.settler.turn()
    assert [(each.cause, each.started_at) for each in parts.broker.settled] == [(Cause.RELEASED, None)]


async def test_many_are_told_in_batches_and_in_order(parts: Parts) -> None:
    jobs = held(parts.holdings, *(str(number) for number in range(1_200)))
    for job in jobs:
        parts.settler.put(job, Completed(), RUN)
    await parts.settler.turn()
    assert [each.delivery.job_id for each in parts.broker.settled] == [job.job_id for job in jobs]
    assert parts.settler.settled == 1_200


async def test_through_an_outage_nothing_is_lost_and_nothing_told_twice(parts: Parts) -> None:
    parts.flaky.cut()
    first, second = held(parts.holdings, "a", "b")
    running = asyncio.create_task(parts.settler.run())
    parts.settler.put(first, Completed(), RUN)
    await poll_until(lambda: parts.flaky.refused)
    parts.settler.put(second, Completed(), RUN)
    assert len(parts.holdings) == 2
    parts.flaky.mend()
    await poll_until(lambda: parts.settler.idle)
    parts.settler.stop()
    await running
    assert [each.delivery.job_id for each in parts.broker.settled] == ["a", "b"]


async def test_an_answer_that_was_lost_is_asked_for_again(parts: Parts) -> None:
    (job,) = held(parts.holdings, "a")
    parts.flaky.lose_answers(1)
    running = asyncio.create_task(parts.settler.run())
    parts.settler.put(job, Completed(), RUN)
    await poll_until(lambda: parts.settler.settled)
    parts.settler.stop()
    await running
    assert [each.delivery.job_id for each in parts.broker.settled] == ["a", "a"]


@pytest.mark.parametrize(
    ("args", "state"),
    [
        ("x" * 100, State.COMPLETED),
        ("ä" * 50, State.COMPLETED),
        ("x" * 101, State.DISCARDED),
        ("ä" * 51, State.DISCARDED),
    ],
)
async def test_follow_up_jobs_that_the_broker_would_not_take_discard_the_job(
    parts: Parts, args: str, state: State
) -> None:
    (job,) = held(parts.holdings, "a")
    parts.settler.put(job, Completed(follow_ups=(new_job("{}"), new_job(args))), RUN)
    await parts.settler.turn()
    (told,) = parts.broker.settled
    assert told.state is state
    assert len(told.follow_ups) == (2 if state is State.COMPLETED else 0)
    assert (told.failure.code if told.failure else None) == (None if state is State.COMPLETED else "payload_too_large")
