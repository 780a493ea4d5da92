"""One job to its outcome: whatever its handler returns or raises, and however it is stopped."""

import asyncio
import contextvars
import functools
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from millhand.core.context import Context
from millhand.core.errors import Permanent, Transient
from millhand.core.limits import Limits
from millhand.core.outcome import Cancelled, Completed, Discarded, Outcome, Released, Retry
from millhand.core.registry import Registry
from millhand.testing.clock import MovableClock
from millhand.worker.executor.runner import MAX_RESULT, Runner
from millhand.worker.messages import Run
from tests.support import poll_until
from tests.unit.worker.attempts import Act, Bench, bench

language = contextvars.ContextVar("language", default="none")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncGenerator[Bench]:
    async with bench(tmp_path, MovableClock()) as place:
        yield place


async def returning(place: Bench, value: Any) -> Outcome:  # noqa: ANN401 - whatever handlers return
    async def handler(ctx: Context, args: Act) -> Any:  # noqa: ANN401 - as above
        return value

    return await place.run(handler)


async def raising(place: Bench, error: BaseException, *, plain: bool) -> Outcome:
    async def handler(ctx: Context, args: Act) -> None:
        raise error

    def plain_handler(ctx: Context, args: Act) -> None:
        raise error

    return await place.run(plain_handler if plain else handler)


def code(outcome: Outcome) -> str:
    assert isinstance(outcome, Discarded | Retry), outcome
    return outcome.failure.code


# Results


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("ä", '"ä"'),
        ({"pages": [1, 2]}, '{"pages":[1,2]}'),
        (Path("a/b"), '"a/b"'),
        (Act(number=7), '{"number":7}'),
        (float("nan"), "null"),
        (float("inf"), "null"),
    ],
)
async def test_a_result_is_json(place: Bench, value: object, expected: str | None) -> None:
    assert await returning(place, value) == Completed(expected)


def circular() -> list[Any]:
    own: list[Any] = []
    own.append(own)
    return own


@pytest.mark.parametrize("value", [object(), b"\xff", "\udcff", circular()])
async def test_a_result_that_json_cannot_hold_discards_the_job(place: Bench, value: object) -> None:
    assert code(await returning(place, value)) == "bad_result"


async def test_a_result_is_bounded_in_bytes(place: Bench) -> None:
    assert isinstance(await returning(place, "x" * (MAX_RESULT - 2)), Completed)
    for too_large in ("x" * (MAX_RESULT - 1), "ä" * (MAX_RESULT // 2)):
        outcome = await returning(place, too_large)
        assert isinstance(outcome, Discarded)
        assert code(outcome) == "result_too_large"


# Arguments and kinds


@pytest.mark.parametrize("text", ["{", "[]", '{"number": "many"}', '{"numbr": 1}'])
async def test_arguments_that_do_not_fit_discard_the_job_and_are_not_repeated(place: Bench, text: str) -> None:
    async def handler(ctx: Context, args: Act) -> None:
        raise AssertionError("must not be called")

    outcome = await place.run(handler, text)
    assert isinstance(outcome, Discarded)
    assert code(outcome) == "invalid_args"
    assert "many" not in outcome.failure.message
    assert "many" not in outcome.failure.traceback


async def test_an_unknown_kind_may_be_known_elsewhere(place: Bench) -> None:
    run = Run(1, "job-1", "test.unheard", "{}", 1, "default", "", {})
    outcome = await Runner(Registry(), place.tools, place.threads).outcome(run, place.context())
    assert isinstance(outcome, Retry)
    assert code(outcome) == "unknown_kind"


# Exceptions


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("bad"), Retry),
        (Permanent("no"), Discarded),
        (Transient("later", retry_after=5), Retry),
        (SystemExit(3), Retry),
        (asyncio.CancelledError("a task that it waited for was cancelled"), Retry),
    ],
)
async def test_whatever_it_raises_becomes_an_outcome(
    place: Bench,
    error: BaseException,
    expected: type[Outcome],
    plain: bool,  # noqa: FBT001 - a column of the table
) -> None:
    outcome = await raising(place, error, plain=plain)
    assert isinstance(outcome, expected)
    assert not isinstance(outcome, Retry) or outcome.charged


@pytest.mark.parametrize("plain", [False, True])
async def test_an_exhausted_iterator_does_not_hang_the_job(place: Bench, plain: bool) -> None:  # noqa: FBT001 - as above
    async def handler(ctx: Context, args: Act) -> str:
        return next(iter([]))

    def plain_handler(ctx: Context, args: Act) -> str:
        return next(iter([]))

    outcome = await asyncio.wait_for(place.run(plain_handler if plain else handler), 10)
    assert isinstance(outcome, Retry)
    assert "StopIteration" in outcome.failure.message


class Bare(Permanent):
    """Lacks all that its base would have given it."""

    def __init__(self, page: int) -> None:
        self.page = page


class Broken(Exception):
    """Whose parts fail when they are looked at."""

    @property
    def response(self) -> object:
        raise RuntimeError("there is no response")


@pytest.mark.parametrize("error", [Bare(3), Broken("x")])
async def test_an_exception_that_lacks_its_parts_is_a_failure_like_any_other(place: Bench, error: Exception) -> None:
    outcome = await raising(place, error, plain=False)
    assert isinstance(outcome, Retry)
    assert type(error).__name__ in outcome.failure.traceback


async def test_ctrl_c_is_not_an_outcome(place: Bench) -> None:
    def handler(ctx: Context, args: Act) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await place.run(handler)


# Plain handlers


async def test_a_plain_handler_sees_the_context_variables_of_its_run(place: Bench) -> None:
    def handler(ctx: Context, args: Act) -> str:
        seen = language.get()
        language.set("changed")
        return seen

    language.set("de")
    assert await place.run(handler) == Completed('"de"')
    assert language.get() == "de"


async def test_a_plain_handler_does_not_hold_up_the_loop(place: Bench) -> None:
    met = asyncio.Event()
    loop = asyncio.get_running_loop()

    def handler(ctx: Context, args: Act) -> str:
        loop.call_soon_threadsafe(met.set)
        ctx.wait(met.wait())
        return "met"

    assert await place.run(handler) == Completed('"met"')


async def test_a_coroutine_function_in_disguise_is_awaited(place: Bench) -> None:
    async def handler(ctx: Context, args: Act) -> str:
        await asyncio.sleep(0)
        return "awaited"

    @functools.wraps(handler)
    def wrapper(ctx: Context, args: Act) -> Any:  # noqa: ANN401 - what decorators do
        return handler(ctx, args)

    assert await place.run(wrapper) == Completed('"awaited"')


# Being stopped


async def test_the_soft_limit_stops_a_coroutine_where_it_waits(place: Bench) -> None:
    async def handler(ctx: Context, args: Act) -> None:
        await asyncio.sleep(60)

    outcome = await place.run(handler, limits=Limits(soft=0.02, hard=60))
    assert isinstance(outcome, Retry)
    assert (code(outcome), outcome.charged) == ("soft_limit", True)


async def test_the_soft_limit_asks_a_plain_function_to_stop(place: Bench) -> None:
    def handler(ctx: Context, args: Act) -> str:
        while not ctx.cancelled:
            time.sleep(0.001)
        raise RuntimeError("stopped in the middle")

    assert code(await place.run(handler, limits=Limits(soft=0.02, hard=60))) == "soft_limit"


async def test_a_handler_that_ends_in_time_after_all_has_succeeded(place: Bench) -> None:
    async def handler(ctx: Context, args: Act) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "saved what there was"
        return "never"

    assert await place.run(handler, limits=Limits(soft=0.02, hard=60)) == Completed('"saved what there was"')


async def test_a_limit_that_is_not_reached_leaves_nothing_behind(place: Bench) -> None:
    async def handler(ctx: Context, args: Act) -> None: ...

    context = place.context()
    assert await place.run(handler, context=context, limits=Limits(soft=0.02, hard=60)) == Completed(None)
    await asyncio.sleep(0.05)  # past the limit
    assert not context.cancelled


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("cancelled", Cancelled("cancelled while it ran")),
        ("draining", Released("draining")),
        ("lost", Released("lost")),
    ],
)
async def test_the_reason_to_stop_decides(place: Bench, reason: str, expected: Outcome) -> None:
    async def handler(ctx: Context, args: Act) -> None:
        await asyncio.sleep(60)

    context = place.context()
    running = asyncio.create_task(place.run(handler, context=context))
    await poll_until(lambda: context.task is not None)
    context.stop(reason)
    context.stop("another reason, later")
    assert await running == expected


async def test_a_stopped_job_leaves_no_cancellation_to_the_next_one(place: Bench) -> None:
    async def slow(ctx: Context, args: Act) -> None:
        await asyncio.sleep(60)

    async def grouped(ctx: Context, args: Act) -> None:
        async def fail() -> None:
            raise ValueError("one of the group")

        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(asyncio.sleep(60))

    assert code(await place.run(slow, limits=Limits(soft=0.02, hard=60))) == "soft_limit"
    outcome = await place.run(grouped)
    assert isinstance(outcome, Retry)
    assert outcome.failure.type == "ExceptionGroup"
