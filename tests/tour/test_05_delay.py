"""Chapter 5: a job may wait for its time."""

from millhand import App, Args, Context

app = App()


class Remind(Args, kind="tour.remind"):
    """Remind somebody."""

    of: str


@app.handler
async def remind(ctx: Context, args: Remind) -> str:
    """Remind."""
    return f"Remember {args.of}."


async def test_a_delayed_job_is_scheduled_and_runs_when_it_is_due() -> None:
    async with app:
        job = await app.enqueue(Remind(of="the bread"), delay=0.4)
        assert job.state == "scheduled"
        done = await app.wait(job, timeout=30)
    assert done.started_at is not None
    assert done.started_at - done.enqueued_at >= 400_000  # all instants are microseconds
