"""Chapter 8: limits that hold over all workers: for a queue, for each tenant in it, for each limit key."""

import asyncio
from itertools import pairwise

from millhand import App, Args, Context

app = App()


class Sync(Args, kind="tour.sync", queue="mailboxes"):
    """Read somebody's mailbox, which must not be read twice at a time."""

    mailbox: str


@app.handler
async def sync(ctx: Context, args: Sync) -> None:
    """Take a moment."""
    await asyncio.sleep(0.05)


async def test_jobs_with_one_limit_key_take_turns() -> None:
    async with app:
        await app.limit("mailboxes", per_limit_key=1)
        jobs = [await app.enqueue(Sync(mailbox="ann"), limit_key="ann") for _ in range(4)]
        done = [await app.wait(job, timeout=30) for job in jobs]
    runs = sorted((job.started_at or 0, job.finished_at or 0) for job in done)
    assert all(one_ended <= next_started for (_, one_ended), (next_started, _) in pairwise(runs))


async def test_a_tenant_with_a_long_backlog_does_not_keep_out_another() -> None:
    async with app:
        await app.limit("mailboxes", running=1)
        await app.pause("mailboxes")
        backlog = await app.enqueue_many([Sync(mailbox="big") for _ in range(20)], tenant="big")
        late = await app.enqueue(Sync(mailbox="small"), tenant="small")
        await app.resume("mailboxes")
        done = await app.wait(late, timeout=30)
        last = await app.wait(backlog[-1], timeout=30)
    assert (done.finished_at or 0) < (last.started_at or 0)
