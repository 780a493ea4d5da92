"""The helpers that users test their own handlers with."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from millhand import App, Args, Context, Permanent, Snooze, Transient
from millhand.core.errors import NotFound, UsageError
from millhand.core.limits import Limits
from millhand.core.outcome import Discarded, Retry, Snoozed
from millhand.core.resource import resource
from millhand.testing import InlineApp, assert_enqueued, assert_stored, run_job

app = App()
opened: list[Path] = []


class Count(Args, kind="words.count"):
    """Count the words of a text."""

    url: str


class Tell(Args, kind="words.tell", queue="letters"):
    """Tell somebody the number."""

    number: int
    to: str = "ann"


class Fail(Args, kind="words.fail"):
    """End in a way other than success."""

    how: str


class Lend(Args, kind="words.lend"):
    """Use a resource."""


@contextmanager
def shelf(folder: Path) -> Generator[str]:
    opened.append(folder)
    yield "a shelf"
    opened.remove(folder)


SHELF = resource(shelf)


@app.handler
async def count(ctx: Context, args: Count) -> int:
    ctx.progress(0.5, "reading")
    text = (await ctx.fetch(args.url)).read_text()
    ctx.log.info("counted", words=len(text.split()))
    await ctx.save(text.upper().encode(), f"{args.url}.upper", media_type="text/plain")
    ctx.enqueue(Tell(number=len(text.split())))
    return len(text.split())


@app.handler
def tell(ctx: Context, args: Tell) -> str:
    return f"{args.to}: {args.number} (for {ctx.job.tenant or 'nobody'}, attempt {ctx.job.attempt})"


@app.handler(limits=Limits(soft=0.01, hard=60))
async def fail(ctx: Context, args: Fail) -> None:
    ctx.enqueue(Tell(number=0))
    raise {
        "permanent": Permanent("no such word", code="no_word", hint="Take another one."),
        "transient": Transient("not now", retry_after=7),
        "snooze": Snooze(30, "too early"),
        "bug": ZeroDivisionError("a slip"),
    }[args.how]


@app.handler
async def lend(ctx: Context, args: Lend) -> str:
    return ctx.use(SHELF)


async def test_a_run_shows_result_progress_log_artefacts_and_follow_ups() -> None:
    async with InlineApp(app) as inline:
        await inline.blobs.put(b"three small words", "memory://in/text")
        ran = await inline.run(Count(url="memory://in/text"))
        upper = b"".join([chunk async for chunk in inline.blobs.stream("memory://in/text.upper")])
    assert ran.completed
    assert ran.result == 3
    assert [(event.fraction, event.text) for event in ran.progress] == [(0.5, "reading")]
    assert [(line.text, line.fields) for line in ran.log] == [("counted", {"words": 3})]
    assert upper == b"THREE SMALL WORDS"
    assert ran.artefacts[0].size == len(upper)
    assert assert_enqueued(ran, Tell, number=3).queue == "letters"


async def test_follow_up_jobs_are_run_on_demand() -> None:
    async with InlineApp(app) as inline:
        await inline.blobs.put(b"one two", "memory://in/text")
        runs = await inline.run_all(Count(url="memory://in/text"), tenant="acme")
    assert [ran.result for ran in runs] == [2, "ann: 2 (for acme, attempt 1)"]


async def test_failures_are_outcomes_and_leave_no_follow_ups() -> None:
    permanent, transient = await run_job(app, Fail(how="permanent")), await run_job(app, Fail(how="transient"))
    assert isinstance(permanent.outcome, Discarded)
    assert permanent.failure is not None
    assert (permanent.failure.code, permanent.failure.hint) == ("no_word", "Take another one.")
    assert isinstance(transient.outcome, Retry)
    assert transient.outcome.after == 7
    assert (await run_job(app, Fail(how="snooze"))).outcome == Snoozed(30, "too early")
    bug = await run_job(app, Fail(how="bug"))
    assert bug.failure is not None
    assert bug.failure.type == "ZeroDivisionError"
    assert (bug.completed, bug.result, bug.follow_ups) == (False, None, ())


async def test_plain_handlers_see_attempt_and_tenant() -> None:
    ran = await run_job(app, Tell(number=1, to="bob"), attempt=4, tenant="acme")
    assert ran.result == "bob: 1 (for acme, attempt 4)"


async def test_resources_are_opened_once_and_closed_at_the_end() -> None:
    async with InlineApp(app) as inline:
        assert [(await inline.run(Lend())).result for _ in range(2)] == ["a shelf"] * 2
        [folder] = opened
        assert folder.is_dir()
    assert not opened
    assert not folder.exists()


async def test_a_kind_without_handler_and_a_closed_app_are_refused() -> None:
    with pytest.raises(UsageError, match="not open"):
        await InlineApp(app).run(Lend())
    with pytest.raises(NotFound, match=r"no kind 'words\.lend'"):
        await run_job(App(), Lend())


async def test_the_assertion_says_what_was_enqueued_instead() -> None:
    async with InlineApp(app) as inline:
        await inline.blobs.put(b"one", "memory://in/text")
        ran = await inline.run(Count(url="memory://in/text"))
    with pytest.raises(AssertionError, match=r"no follow-up job words\.tell with .*9.*enqueued: words\.tell .*1"):
        assert_enqueued(ran, Tell, number=9)
    with pytest.raises(AssertionError, match=r"no follow-up job words\.count"):
        assert_enqueued(ran, Count)


async def test_jobs_that_a_program_sent_are_found_in_its_queue(tmp_path: Path) -> None:
    shop = App(database=f"sqlite:///{tmp_path}/shop.db")
    shop.include(app.registry)
    async with shop:
        await shop.enqueue(Tell(number=1, to="ann"))
        sent = await shop.enqueue(Tell(number=2, to="bob"), priority=5)
        found = await assert_stored(shop, Tell, to="bob")
        assert (found.id, found.args.number, found.priority) == (sent.id, 2, 5)
        with pytest.raises(AssertionError, match=r"no job words\.tell"):
            await assert_stored(shop, Tell, to="eve")
