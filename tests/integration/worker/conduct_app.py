"""Handlers that behave oddly, for `test_conduct`. Their executors load this file."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from millhand import App, Args, Context, Permanent, RetryPolicy, Snooze
from millhand.core.limits import Limits
from millhand.core.resource import resource

ONCE = RetryPolicy.fixed()
HALF = "caf\udce9"  # what os.fsdecode makes of a Latin-1 file name

app = App()


class Echo(Args, kind="conduct.echo"):
    """Say where it ran."""

    text: str = ""


class Act(Args, kind="conduct.act"):
    """Do one of the odd things below, by name."""

    what: str


class Die(Args, kind="conduct.die"):
    """Take the executor down, the first times."""

    times: int


class Cling(Args, kind="conduct.cling"):
    """Use the resource that is slow to close."""


class Hold(Args, kind="conduct.hold"):
    """Wait until a file is there."""

    path: Path


@app.handler
async def echo(ctx: Context, args: Echo) -> dict[str, Any]:
    """Say where it ran."""
    return {"text": args.text, "pid": os.getpid()}


@app.handler(retry=RetryPolicy(max_crashes=5, delays=(0.01,), jitter=0))
def die(ctx: Context, args: Die) -> str:
    """Die without a word, the first times."""
    if ctx.job.attempt <= args.times:
        os.kill(os.getpid(), signal.SIGKILL)
    return f"survived in attempt {ctx.job.attempt}"


@contextmanager
def clinging(folder: Path) -> Generator[str]:
    """A resource that does not want to close."""
    yield str(folder)
    time.sleep(600)


CLINGING = resource(clinging)


@app.handler
def cling(ctx: Context, args: Cling) -> str:
    """Use the resource that is slow to close."""
    return ctx.use(CLINGING)


@app.handler
async def hold(ctx: Context, args: Hold) -> str:
    """Say that it has begun, and wait until a file is there."""
    args.path.with_suffix(".begun").touch()
    while not args.path.exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.01)
    return "held"


@app.handler(retry=ONCE, limits=Limits(hard=60))
async def act(ctx: Context, args: Act) -> object:
    """Do one of the odd things."""
    result = ODD[args.what](ctx)
    return await result if asyncio.iscoroutine(result) else result


def write_everywhere(ctx: Context) -> str:
    """Write to standard output in every way there is, and read standard input."""
    print("printed", flush=True)  # noqa: T201 - the point
    os.write(1, b"written to descriptor 1\n")
    subprocess.run(["echo", "from a child"], check=True)
    sys.stdout.write("and without a line's end")
    return f"read {sys.stdin.read()!r}"


def say_odd_things(ctx: Context) -> str:
    """Log and report what JSON and databases can't hold."""
    ctx.log.info(HALF, path=Path("a"), when=datetime.now(UTC), raw=b"\xff", odd=object(), name=HALF, keys={(1, 2): 3})
    ctx.progress(float("nan"), HALF)
    return "said"


async def save_odd_facts(ctx: Context) -> str:
    """Save an artefact with facts that JSON can't hold."""
    await ctx.save(b"x", "memory://b/x", name=HALF, where=Path("a"), share=float("inf"))
    return "saved"


def follow_up_too_large(ctx: Context) -> None:
    """Enqueue what the broker does not take."""
    ctx.enqueue(Echo(text="x" * 20_000_000))


def raise_half_a_pair(ctx: Context) -> None:
    """Raise words that no database stores."""
    raise ValueError(f"can't read {HALF}")


def give_up(ctx: Context) -> None:
    """Raise an error of ours."""
    raise Permanent("never", hint="don't")


def exhaust(ctx: Context) -> object:
    """Raise StopIteration."""
    return next(iter([]))


def cancel_itself(ctx: Context) -> None:
    """Pretend to be cancelled."""
    raise asyncio.CancelledError


def leave(ctx: Context) -> None:
    """Try to end the process."""
    sys.exit(3)


def snooze_for_ever(ctx: Context) -> None:
    """Put it off to a day that never comes."""
    raise Snooze(float("inf"))


ODD: dict[str, Callable[[Context], object]] = {
    function.__name__: function
    for function in (
        write_everywhere,
        say_odd_things,
        save_odd_facts,
        follow_up_too_large,
        raise_half_a_pair,
        give_up,
        exhaust,
        cancel_itself,
        leave,
        snooze_for_ever,
    )
}
