"""Chapter 13: a job may enqueue others. They appear in the same transaction that settles it, so exactly once.

An attempt that fails, or that lost its lease, leaves none.
"""

from millhand import App, Args, Context, RetryPolicy

app = App()


class Split(Args, kind="tour.split"):
    """Split a text into words, and have each measured."""

    text: str


class Measure(Args, kind="tour.measure"):
    """Measure a word."""

    word: str


@app.handler(retry=RetryPolicy.fixed(0.05))
async def split(ctx: Context, args: Split) -> list[str]:
    """Plan a job for each word. The first attempt fails after that, which must not double them."""
    planned = [ctx.enqueue(Measure(word=word)) for word in args.text.split()]
    if ctx.job.attempt == 1:
        raise ConnectionError("a stumble after the work was planned")
    return planned


@app.handler
async def measure(ctx: Context, args: Measure) -> int:
    """Measure."""
    return len(args.word)


async def test_follow_up_jobs_come_once_however_often_their_parent_is_tried() -> None:
    async with app:
        parent = await app.wait(await app.enqueue(Split(text="rye and spelt")), timeout=30)
        children = await app.find(f"parent:{parent.id}")
        lengths = [(await app.wait(await app.job(child_id), timeout=30)).result for child_id in parent.result]
    assert parent.failures == 1
    assert len(children) == 3
    assert lengths == [3, 3, 5]
