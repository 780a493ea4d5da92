"""Chapter 21: your handlers are functions, and can be tested without any worker, by `millhand.testing`."""

from millhand import App, Args, Context, Transient
from millhand.testing import InlineApp, assert_enqueued, run_job

app = App()


class Taste(Args, kind="tour.taste"):
    """Taste a loaf, and tell the baker."""

    loaf: str


class TellBaker(Args, kind="tour.tell-baker"):
    """Tell the baker."""

    words: str


@app.handler
async def taste(ctx: Context, args: Taste) -> str:
    """Taste a loaf that lies in a blob."""
    loaf = (await ctx.fetch(args.loaf)).read_text()
    if loaf == "hot":
        raise Transient("too hot", retry_after=60)
    ctx.enqueue(TellBaker(words=f"The {loaf} is good."))
    return "good"


@app.handler
def tell_baker(ctx: Context, args: TellBaker) -> int:
    """Tell."""
    return len(args.words)


async def test_a_handler_runs_here_with_a_real_context() -> None:
    async with InlineApp(app) as inline:
        await inline.blobs.put(b"rye", "memory://loaf")
        ran = await inline.run(Taste(loaf="memory://loaf"))
    assert ran.result == "good"
    assert_enqueued(ran, TellBaker, words="The rye is good.")


async def test_a_failure_is_an_outcome_to_look_at() -> None:
    async with InlineApp(app) as inline:
        await inline.blobs.put(b"hot", "memory://loaf")
        ran = await inline.run(Taste(loaf="memory://loaf"))
    assert not ran.completed
    assert ran.failure is not None
    assert ran.failure.message == "too hot"


async def test_one_call_is_enough_where_no_blobs_are_needed() -> None:
    assert (await run_job(app, TellBaker(words="hm"))).result == 2
