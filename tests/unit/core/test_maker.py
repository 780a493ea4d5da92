"""Jobs are made of arguments, options, and the rules of their kind."""

import math

import pytest

from millhand.core.clock import MICROSECONDS
from millhand.core.context import Context
from millhand.core.errors import UsageError
from millhand.core.job import Args
from millhand.core.maker import LONGEST_NAME, JobMaker, SendOptions
from millhand.core.registry import Registry
from millhand.core.retry import RetryPolicy
from millhand.testing.clock import FakeClock


class Paint(Args, kind="test.paint", queue="walls"):
    """Paint a wall."""

    colour: str = "green"


class Kindless(Args):
    """Arguments of nothing."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def maker(clock: FakeClock) -> JobMaker:
    registry = Registry()

    @registry.handler(retry=RetryPolicy(max_attempts=7, max_crashes=2))
    async def paint(ctx: Context, args: Paint) -> None: ...

    return JobMaker(registry, clock)


def test_a_job_has_the_kinds_queue_and_caps(maker: JobMaker) -> None:
    job = maker.make(Paint(), SendOptions())
    assert (job.kind, job.queue, job.args) == ("test.paint", "walls", '{"colour":"green"}')
    assert (job.max_attempts, job.max_crashes, job.run_at) == (7, 2, 0)


def test_a_kind_that_is_not_registered_has_the_usual_caps(clock: FakeClock) -> None:
    usual = RetryPolicy()
    job = JobMaker(Registry(), clock).make(Paint(), SendOptions())
    assert (job.max_attempts, job.max_crashes) == (usual.max_attempts, usual.max_crashes)


def test_options_are_taken_over(maker: JobMaker, clock: FakeClock) -> None:
    options = SendOptions(
        queue="q",
        tenant="t",
        delay=1.5,
        priority=3,
        key="k",
        limit_key="l",
        parent_id="p",
        headers={"a": "b"},
    )
    job = maker.make(Paint(), options)
    assert (job.queue, job.tenant, job.priority, job.key, job.limit_key) == ("q", "t", 3, "k", "l")
    assert (job.parent_id, job.headers) == ("p", {"a": "b"})
    assert job.run_at == clock.now() + 1.5 * MICROSECONDS


def test_every_job_has_an_id_of_its_own(maker: JobMaker) -> None:
    assert maker.make(Paint(), SendOptions()).id != maker.make(Paint(), SendOptions()).id


def test_arguments_without_a_kind_are_refused(maker: JobMaker) -> None:
    with pytest.raises(UsageError, match="Kindless has no kind"):
        maker.make(Kindless(), SendOptions())


@pytest.mark.parametrize("delay", [-1.0, math.inf, math.nan, 1e12])
def test_an_impossible_delay_is_refused(maker: JobMaker, delay: float) -> None:
    with pytest.raises(UsageError, match="a delay must be"):
        maker.make(Paint(), SendOptions(delay=delay))


@pytest.mark.parametrize("name", ["queue", "tenant", "key", "limit_key"])
def test_a_name_that_no_index_can_hold_is_refused(maker: JobMaker, name: str) -> None:
    longest = SendOptions()._replace(**{name: "é" * (LONGEST_NAME // 2)})
    assert maker.make(Paint(), longest)
    with pytest.raises(UsageError, match="too long") as caught:
        maker.make(Paint(), SendOptions()._replace(**{name: "é" * (LONGEST_NAME // 2 + 1)}))
    assert caught.value.hint


@pytest.mark.parametrize("priority", [2**31 - 1, -(2**31) + 1])
def test_a_priority_beyond_32_bits_is_refused(maker: JobMaker, priority: int) -> None:
    with pytest.raises(UsageError, match="is no priority"):
        maker.make(Paint(), SendOptions(priority=priority))
