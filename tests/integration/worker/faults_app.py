"""Handlers that misbehave, each in its own way, and some that behave. Each call leaves a line in a folder."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from millhand import App, Args, Context, RetryPolicy, Transient
from millhand.core.limits import MIB, Limits
from millhand.core.registry import Registry

registry = Registry()
_ONCE = RetryPolicy(max_attempts=1)
_SHORT = Limits(hard=0.6)


class Told(Args):
    """Where to leave a line for each call."""

    folder: Path
    seconds: float = 0.0


class Quick(Told, kind="faults.quick"):
    """Does nothing."""


class Waits(Told, kind="faults.waits"):
    """Waits on the loop, and ends when it is cancelled."""


class Obeys(Told, kind="faults.obeys"):
    """Waits on the loop until its attempt is told to end."""


class BlocksLoop(Told, kind="faults.blocks"):
    """Lets no other coroutine of its process run until its attempt is told to end."""


class HoldsInterpreter(Told, kind="faults.holds"):
    """Lets no other thread of its process run."""


class Allocates(Told, kind="faults.allocates"):
    """Takes memory without end."""


class StuckInThread(Told, kind="faults.stuck_in_thread"):
    """Never ends, in a thread."""


class StuckOnLoop(Told, kind="faults.stuck_on_loop"):
    """Never ends, and never lets the loop turn."""


class StuckHolding(Told, kind="faults.stuck_holding"):
    """Never ends, and holds the interpreter."""


class Deaf(Told, kind="faults.deaf"):
    """Does not listen to a request to stop."""


class Listens(Told, kind="faults.listens"):
    """Runs in a thread, and looks whether it is to stop."""


class Deadly(Told, kind="faults.deadly"):
    """Takes its executor down."""


class Family(Told, kind="faults.family"):
    """Starts a process that runs on for long, then waits, with the interpreter held if told so."""

    hold: bool = False


class LargeFollowUp(Told, kind="faults.large_follow_up"):
    """Plans a follow-up job that no broker takes."""


class Large(Args, kind="faults.large"):
    """Too large."""

    text: str


class Unspeakable(Told, kind="faults.unspeakable"):
    """Logs, reports and raises text that is not Unicode, such as a file name of bytes."""


@registry.handler
async def quick(ctx: Context, args: Quick) -> None:
    _called(ctx, args)


@registry.handler
async def waits(ctx: Context, args: Waits) -> None:
    _called(ctx, args)
    await asyncio.sleep(args.seconds)


@registry.handler
async def obeys(ctx: Context, args: Obeys) -> None:
    _called(ctx, args)
    about = args.folder, ctx.job.job_id, ctx.job.attempt
    while not word(*about).exists():  # noqa: ASYNC110 - it comes from another process
        await asyncio.sleep(0.01)
    end_mark(*about).touch()


@registry.handler
async def blocks(ctx: Context, args: BlocksLoop) -> None:
    _called(ctx, args)
    while not word(args.folder, ctx.job.job_id, ctx.job.attempt).exists():
        time.sleep(0.01)  # noqa: ASYNC251 - as a careless handler does


@registry.handler
async def holds(ctx: Context, args: HoldsInterpreter) -> None:
    _called(ctx, args)
    _hold(args.seconds)


@registry.handler(retry=RetryPolicy(max_crashes=2, delays=(0.01,)), limits=Limits(memory=300 * MIB))
def allocates(ctx: Context, args: Allocates) -> None:
    _called(ctx, args)
    taken: list[bytes] = []
    while True:
        taken.append(os.urandom(4 * MIB))
        time.sleep(0.005)


@registry.handler(retry=_ONCE, limits=_SHORT)
def stuck_in_thread(ctx: Context, args: StuckInThread) -> None:
    _called(ctx, args)
    threading.Event().wait()


@registry.handler(retry=_ONCE, limits=_SHORT)
async def stuck_on_loop(ctx: Context, args: StuckOnLoop) -> None:
    _called(ctx, args)
    while True:
        pass


@registry.handler(retry=_ONCE, limits=_SHORT)
async def stuck_holding(ctx: Context, args: StuckHolding) -> None:
    _called(ctx, args)
    _hold(60)


@registry.handler
def deaf(ctx: Context, args: Deaf) -> None:
    _called(ctx, args)
    threading.Event().wait()


@registry.handler
def listens(ctx: Context, args: Listens) -> None:
    _called(ctx, args)
    while not ctx.cancelled:
        time.sleep(0.01)
    raise Transient("told to stop")


@registry.handler(retry=RetryPolicy(max_crashes=2, delays=(0.01,)))
async def deadly(ctx: Context, args: Deadly) -> None:
    _called(ctx, args)
    os.kill(os.getpid(), signal.SIGKILL)


@registry.handler
async def family(ctx: Context, args: Family) -> None:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])  # noqa: ASYNC220 - left behind on purpose
    _called(ctx, args)
    if args.hold:
        _hold(600)
    await asyncio.sleep(600)


@registry.handler
async def large_follow_up(ctx: Context, args: LargeFollowUp) -> None:
    _called(ctx, args)
    ctx.enqueue(Large(text="x" * 10 * MIB))


@registry.handler(retry=_ONCE)
async def unspeakable(ctx: Context, args: Unspeakable) -> None:
    _called(ctx, args)
    name = os.fsdecode(b"caf\xe9")
    ctx.log.info(name, path=name)
    ctx.progress(0.5, name)
    raise ValueError(name)


def word(folder: Path, job_id: str, attempt: int) -> Path:
    """The file that tells this attempt to end."""
    return folder / f"end-{job_id}-{attempt}"


def end_mark(folder: Path, job_id: str, attempt: int) -> Path:
    """The file that an attempt leaves that did as it was told."""
    return folder / f"ended-{job_id}-{attempt}"


def _called(ctx: Context, args: Told) -> None:
    """Leave a line: which job, in which process, at which instant."""
    line = f"{ctx.job.job_id} {os.getpid()} {time.time_ns() // 1000}\n"
    with (args.folder / "calls").open("a") as calls:
        calls.write(line)


def _hold(seconds: float) -> None:
    """Sleep without letting go of the interpreter's lock, as a long match of a regular expression would."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


app = App()
app.include(registry)

if __name__ == "__main__":
    app.run()
