"""Chapter 19: many jobs at once are sent a thousand to a transaction, and done by all executors."""

from millhand import App, Args, Context

app = App()


class Square(Args, kind="tour.square"):
    """Square a number."""

    number: int


@app.handler
async def square(ctx: Context, args: Square) -> int:
    """Square."""
    return args.number**2


async def test_each_of_five_hundred_jobs_is_done_once() -> None:
    async with app:
        jobs = await app.enqueue_many([Square(number=number) for number in range(500)])
        results = [(await app.wait(job, timeout=30)).result for job in jobs]
    assert results == [number**2 for number in range(500)]
