"""A tiny app for the tests of the command line: kinds that end in every way."""

import asyncio
from contextlib import suppress
from pathlib import Path

from millhand import App, Args, Context, Permanent, RetryPolicy
from millhand.core.cron import Missed

app = App()


class Add(Args, kind="sum.add", queue="sums"):
    """Two numbers."""

    a: int
    b: int = 0


class Fail(Args, kind="sum.fail", queue="sums"):
    """A failure that no retry mends."""

    reason: str = "no such number"


class Nap(Args, kind="sum.nap", queue="naps"):
    """A pause, in seconds, which ends early once there is a certain file."""

    seconds: float = 60.0
    until: Path | None = None


@app.handler(retry=RetryPolicy.fixed())
async def add(ctx: Context, args: Add) -> dict[str, int]:
    """Add two numbers."""
    ctx.progress(0.5, "half way")
    ctx.log.info("adding", a=args.a)
    return {"sum": args.a + args.b}


@app.handler
async def fail(ctx: Context, args: Fail) -> None:
    """Fail for good."""
    raise Permanent(args.reason, code="bad_number", hint="Take another number.")


@app.handler
async def nap(ctx: Context, args: Nap) -> None:
    """Do nothing for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(args.seconds):
            while not (args.until and args.until.exists()):  # noqa: ASYNC110 - a file tells nobody that it is there
                await asyncio.sleep(0.05)


app.schedule("nightly-sum", "0 3 * * *", Add(a=1), missed=Missed.SKIP)
