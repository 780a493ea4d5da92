"""One run of the chaos: start everything, let the faults strike, wait for the last job, and judge what happened."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from millhand.core.clock import SystemClock
from millhand.testing.checker import check
from millhand.testing.evidence import Breach, Evidence
from tests.chaos.blows import Blows
from tests.chaos.evidence import evidence_of, live_jobs, repeated_runs, unexplained_crashes
from tests.chaos.faults import Faults, Struck
from tests.chaos.fleet import Dispatcher, Producer, of_run
from tests.chaos.pace import Pace
from tests.chaos.plan import make_plan

DISPATCHERS = 2
_UP_WITHIN = 60.0
_DONE_WITHIN = 90.0
_GONE_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    evidence: Evidence
    breaches: list[Breach]
    struck: Struck
    repeated: int
    seconds: float


async def run(folder: Path, seed: int, jobs: int) -> Outcome:
    """Run the plan of a seed in this folder, which then holds all records of it."""
    began = time.monotonic()
    plan = make_plan(seed, jobs)
    dispatchers = [Dispatcher(folder, number) for number in range(DISPATCHERS)]
    try:
        await asyncio.gather(*(dispatcher.begin() for dispatcher in dispatchers))
        await _until(lambda: all(one.ready for one in dispatchers), _UP_WITHIN)
        clock = SystemClock()
        pace = Pace(folder, clock.now(), clock)
        producer = Producer(folder, [str(seed), str(jobs), str(pace.start)])
        blows = Blows(dispatchers, producer)
        faults = Faults(blows.strikers(), pace)
        await asyncio.gather(producer.run(), faults.run(plan.strikes))
        done = await _until(lambda: live_jobs(folder) == 0, _DONE_WITHIN)
        await asyncio.gather(*(dispatcher.finish() for dispatcher in dispatchers))
        await _until(lambda: not of_run(folder), _GONE_WITHIN)
        breaches = [] if done else [Breach("hang", "", f"jobs are left after {_DONE_WITHIN:g} s without a fault")]
        breaches += [Breach("left process", "", _describe(process)) for process in of_run(folder).values()]
    finally:
        _kill_all(folder)
    unexpected = [text for one in (*dispatchers, producer) for text in one.unexpected]
    breaches += [Breach("unexpected end", "", text) for text in unexpected]
    breaches += [Breach("missed", "", f"nothing was up to {strike.fault}") for strike in faults.struck.missed]
    breaches += [*_tracebacks(folder), *unexplained_crashes(folder, blows.killed_executors)]
    evidence = evidence_of(folder)
    return Outcome(
        evidence, [*breaches, *check(evidence)], faults.struck, repeated_runs(folder), time.monotonic() - began
    )


async def _until(condition: Callable[[], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


def _tracebacks(folder: Path) -> Iterator[Breach]:
    for path in sorted(folder.glob("*.log")):
        if "Traceback (most recent call last)" in path.read_text(errors="replace"):
            yield Breach("traceback", "", f"{path} has a traceback")


def _describe(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"process {process.pid} ({process.status()}): {' '.join(process.cmdline())}"
    return f"process {process.pid}"


def _kill_all(folder: Path) -> None:
    for process in of_run(folder).values():
        with contextlib.suppress(psutil.Error):
            process.kill()
