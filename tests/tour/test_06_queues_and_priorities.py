"""Chapter 6: jobs wait in queues. A queue can be paused, its width be limited; higher priorities go first."""

from millhand import App, Args, Context

app = App()


class Serve(Args, kind="tour.serve", queue="counter"):
    """Serve a guest. The kind has a queue of its own."""

    guest: str


@app.handler
async def serve(ctx: Context, args: Serve) -> None:
    """Serve."""


async def test_of_all_that_wait_the_highest_priority_runs_first() -> None:
    async with app:
        await app.limit("counter", running=1)
        await app.pause("counter")
        first = await app.enqueue(Serve(guest="Ann"))
        second = await app.enqueue(Serve(guest="Bob"))
        urgent = await app.enqueue(Serve(guest="the doctor"), priority=10)
        await app.resume("counter")
        served = [await app.wait(job, timeout=30) for job in (first, second, urgent)]
    in_order = sorted(served, key=lambda job: job.started_at or 0)
    assert [job.args.guest for job in in_order] == ["the doctor", "Ann", "Bob"]


async def test_a_job_may_go_to_another_queue_than_its_kinds() -> None:
    async with app:
        done = await app.wait(await app.enqueue(Serve(guest="Eve"), queue="terrace"), timeout=30)
    assert done.queue == "terrace"
