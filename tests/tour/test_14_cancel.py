"""Chapter 14: a job can be cancelled: at once while it waits, within about a second while it runs."""

import asyncio

from millhand import App, Args, Context
from tests.support import poll_until

app = App()


class Prove(Args, kind="tour.prove"):
    """Let dough prove, for hours."""


@app.handler
async def prove(ctx: Context, args: Prove) -> None:
    """Wait; a cancelled coroutine is stopped where it waits. Plain functions look at `ctx.cancelled`."""
    await asyncio.sleep(3600)


async def test_a_waiting_job_is_cancelled_at_once() -> None:
    async with app:
        job = await app.enqueue(Prove(), delay=3600)
        assert await app.cancel(job) == "cancelled"
        assert (await app.job(job.id)).state == "cancelled"


async def test_a_running_job_is_told_to_stop() -> None:
    async with app:
        job = await app.enqueue(Prove())

        async def running() -> bool:
            return (await app.job(job.id)).state == "running"

        await poll_until(running, within=30)
        assert await app.cancel(job) == "requested"
        done = await app.wait(job, timeout=30)
    assert done.state == "cancelled"
