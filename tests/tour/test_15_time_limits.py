"""Chapter 15: an attempt has limits. The soft one asks it to stop; the hard one ends its process (chapter 20).

A memory limit is the third: `Limits(memory=512 * MIB)`.
"""

import asyncio

from millhand import App, Args, Context, RetryPolicy
from millhand.core.limits import Limits

app = App()


class Bargain(Args, kind="tour.bargain"):
    """Bargain without end."""


@app.handler(limits=Limits(soft=0.2, hard=60), retry=RetryPolicy.fixed())
async def bargain(ctx: Context, args: Bargain) -> None:
    """Never agree. A coroutine is stopped where it waits; a plain function must look at `ctx.cancelled`, and raise."""
    await asyncio.sleep(3600)


async def test_an_attempt_that_takes_too_long_is_stopped_and_counts_as_failed() -> None:
    async with app:
        done = await app.wait(await app.enqueue(Bargain()), timeout=30)
    assert done.state == "discarded"
    assert done.failure is not None
    assert done.failure.code == "soft_limit"
