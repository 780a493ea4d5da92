"""Chapter 9: a job that fails is tried again, by a policy that is data."""

from millhand import App, Args, Context, RetryPolicy, Transient

app = App()


class Order(Args, kind="tour.order"):
    """Order flour from a mill whose line is often busy."""

    sacks: int
    busy_for: int


@app.handler(retry=RetryPolicy.fixed(0.05, 0.05))
async def order(ctx: Context, args: Order) -> str:
    """`Transient` says that it may work next time; any exception that nobody knows counts as that too."""
    if ctx.job.attempt <= args.busy_for:
        raise Transient("the line is busy")
    return f"{args.sacks} sacks ordered in attempt {ctx.job.attempt}"


async def test_a_job_is_tried_again_until_it_succeeds() -> None:
    async with app:
        done = await app.wait(await app.enqueue(Order(sacks=3, busy_for=2)), timeout=30)
    assert done.result == "3 sacks ordered in attempt 3"
    assert done.failures == 2


async def test_a_job_that_fails_too_often_is_discarded() -> None:
    async with app:
        done = await app.wait(await app.enqueue(Order(sacks=3, busy_for=99)), timeout=30)
        history = await app.history(done)
    assert done.state == "discarded"
    assert done.failure is not None
    assert done.failure.message == "the line is busy"
    assert [attempt.cause for attempt in history.attempts] == ["failed", "failed", "gave up"]
