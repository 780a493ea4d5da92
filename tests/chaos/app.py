"""The app whose jobs go through the chaos. Each call of a handler writes down when it began and when it ended."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from millhand import App, Args, Context, Permanent, RetryPolicy, Snooze, Transient
from millhand.core.errors import Infrastructure
from millhand.core.limits import Limits
from millhand.testing.history import SUFFIX, Journal
from tests.chaos.clock import WrongClock

FOLDER = "CHAOS_FOLDER"
"""The environment variable that names the folder for all records of a run."""

SOON = RetryPolicy(delays=(0.05, 0.1, 0.3), max_attempts=4, max_crashes=10)
SKEW = "CHAOS_SKEW"
"""The environment variable that says by how many seconds the clock of a process is wrong."""

_FLAKINESS = 40  # per cent
_numbers = count(1)

app = App()
if SKEW in os.environ:
    app.clock = WrongClock(float(os.environ[SKEW]))


class Work(Args):
    """What every job of the chaos is told."""

    number: int
    milliseconds: int = 5


class Quick(Work, kind="chaos.quick"):
    """Does nothing."""


class Nap(Work, kind="chaos.nap"):
    """Waits on the loop."""


class Compute(Work, kind="chaos.compute"):
    """Blocks the loop."""


class Thread(Work, kind="chaos.thread"):
    """Waits in a thread."""


class Flaky(Work, kind="chaos.flaky"):
    """Fails for now, by a hash of its number and attempt."""


class Parent(Work, kind="chaos.parent"):
    """Enqueues follow-up jobs."""


class Family(Work, kind="chaos.family"):
    """Starts a process that would run on for long."""


class Long(Work, kind="chaos.long"):
    """Runs for about as long as a lease lasts, if nobody cancels it."""


class Refused(Work, kind="chaos.refused"):
    """Can never succeed."""


class Broken(Work, kind="chaos.infrastructure"):
    """Finds something down at first, through no fault of its own."""


class Snoozing(Work, kind="chaos.snoozing"):
    """Is not ready at first."""


class Deadly(Work, kind="chaos.deadly"):
    """Takes its executor down, each time."""


class Copy(Args, kind="chaos.copy"):
    """Makes another file of a file."""

    source: str
    target: str


class Stuck(Work, kind="chaos.stuck"):
    """Holds the interpreter until its hard limit."""


SELF_KILLING = frozenset({Deadly.kind})


@app.handler(retry=SOON)
async def quick(ctx: Context, args: Quick) -> int:
    with _told(ctx):
        return args.number


@app.handler(retry=SOON)
async def nap(ctx: Context, args: Nap) -> None:
    with _told(ctx):
        ctx.progress(0.5, "napping")
        await asyncio.sleep(args.milliseconds / 1000)


@app.handler(retry=SOON)
async def compute(ctx: Context, args: Compute) -> None:
    with _told(ctx):
        until = time.monotonic() + args.milliseconds / 4000
        while time.monotonic() < until:
            pass


@app.handler(retry=SOON)
def thread(ctx: Context, args: Thread) -> None:
    with _told(ctx):
        ctx.log.info("waiting", milliseconds=args.milliseconds)
        time.sleep(args.milliseconds / 1000)


@app.handler(retry=SOON)
async def flaky(ctx: Context, args: Flaky) -> None:
    with _told(ctx):
        await asyncio.sleep(args.milliseconds / 10_000)
        if zlib.crc32(f"{args.number}:{ctx.job.attempt}".encode()) % 100 < _FLAKINESS:
            raise Transient("not today")


@app.handler(retry=SOON)
async def parent(ctx: Context, args: Parent) -> None:
    with _told(ctx):
        for number in range(args.number % 3 + 1):
            ctx.enqueue(Nap(number=args.number * 10 + number, milliseconds=args.milliseconds))
        await asyncio.sleep(args.milliseconds / 1000)


@app.handler(retry=SOON)
async def family(ctx: Context, args: Family) -> None:
    with _told(ctx):
        relative = await asyncio.create_subprocess_exec("sleep", "600", stdout=subprocess.DEVNULL)
        try:
            await asyncio.sleep(args.milliseconds / 500)
        finally:
            relative.kill()
            await relative.wait()


@app.handler(retry=SOON)
async def long(ctx: Context, args: Long) -> None:
    with _told(ctx):
        await asyncio.sleep(1.2 + args.milliseconds / 100)


@app.handler(retry=SOON)
async def refused(ctx: Context, args: Refused) -> None:
    with _told(ctx):
        raise Permanent("never")


@app.handler(retry=SOON)
async def broken(ctx: Context, args: Broken) -> None:
    with _told(ctx):
        if not _once(ctx, "broken"):
            raise Infrastructure("the database is down", retry_after=0.05)


@app.handler(retry=SOON)
async def snoozing(ctx: Context, args: Snoozing) -> None:
    with _told(ctx):
        if not _once(ctx, "snoozed"):
            raise Snooze(0.05)


@app.handler(retry=RetryPolicy(delays=(0.05,), max_attempts=4, max_crashes=3))
async def deadly(ctx: Context, args: Deadly) -> None:
    with _told(ctx):
        os.kill(os.getpid(), signal.SIGKILL)


@app.handler(retry=RetryPolicy(delays=(0.05,), max_attempts=2, max_crashes=10), limits=Limits(hard=0.7))
async def stuck(ctx: Context, args: Stuck) -> None:
    with _told(ctx):
        ctypes.PyDLL(None).usleep(20_000_000)


@app.handler(retry=SOON)
async def copy(ctx: Context, args: Copy) -> None:
    with _told(ctx):
        content = (await ctx.fetch(args.source)).read_bytes()
        await ctx.save(content.upper() * 2, args.target)


def _once(ctx: Context, what: str) -> bool:
    """Whether an earlier run of this job got here; the note is on disk, as this run may be in another process."""
    note = _folder() / "notes" / f"{what}-{ctx.job.job_id}"
    note.parent.mkdir(exist_ok=True)
    if note.exists():
        return True
    note.touch()
    return False


@contextmanager
def _told(ctx: Context) -> Generator[None]:
    """Write down the beginning and the end of a run; of one that is killed, the beginning only."""
    number, journal = next(_numbers), _journal()
    about = {"run": number, "job": ctx.job.job_id, "attempt": ctx.job.attempt}
    journal.write({**about, **_now(), "begins": True})
    how = "killed"
    try:
        yield
        how = "returned"
    except BaseException as error:
        how = type(error).__name__
        raise
    finally:
        journal.write({**about, **_now(), "begins": False, "how": how})


def _now() -> dict[str, object]:
    return {"at": app.clock.now(), "monotonic": time.monotonic(), "pid": os.getpid()}


@cache
def _journal() -> Journal:
    """The file of this executor: the folder it works in tells whose it is."""
    workdir = Path(sys.argv[sys.argv.index("--workdir") + 1])
    return Journal(_folder() / "runs" / f"{workdir.parent.name}.{workdir.name}{SUFFIX}")


@cache
def _folder() -> Path:
    return Path(os.environ[FOLDER])
