"""One run of the chaos: start everything, let the faults strike, wait for the last job, and judge what happened."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from millhand.core.clock import SystemClock
from millhand.testing.checker import check
from millhand.testing.evidence import Breach, Evidence
from tests.chaos.beds import Bed, OpenBed
from tests.chaos.blows import Blows
from tests.chaos.evidence import repeated_runs, unexplained
from tests.chaos.faults import Faults, Struck
from tests.chaos.fleet import Dispatcher, Producer, of_run
from tests.chaos.pace import Pace
from tests.chaos.plan import PROCESS_FAULTS, Fault, Plan, make_plan

_DISPATCHERS = ("dispatcher-0", "dispatcher-1")
_PRODUCER = "producer"
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


@dataclass(frozen=True, slots=True)
class _Lived:
    """What was seen while the processes of a run lived."""

    struck: Struck
    killed_executors: set[str]
    breaches: list[Breach]


async def run(
    open_bed: OpenBed, folder: Path, seed: int, jobs: int, only: Collection[Fault] = frozenset(Fault)
) -> Outcome:
    """Run the plan of a seed in this folder, which then holds all records of it; `only` these faults strike."""
    began = time.monotonic()
    async with open_bed(folder, [*_DISPATCHERS, _PRODUCER], seed) as bed:
        plan = make_plan(seed, jobs, PROCESS_FAULTS.union(bed.strikers(())).intersection(only))
        try:
            lived = await _live(folder, bed, plan)
        finally:
            _kill_all(folder)
        gathered = await bed.records.evidence(folder)
        evidence = gathered.evidence
        breaches = [
            *lived.breaches,
            *gathered.breaches,
            *unexplained(evidence, lived.killed_executors),
            *check(evidence),
        ]
    return Outcome(evidence, breaches, lived.struck, repeated_runs(folder), time.monotonic() - began)


async def _live(folder: Path, bed: Bed, plan: Plan) -> _Lived:
    dispatchers = [Dispatcher(folder, name, bed.environment(name)) for name in _DISPATCHERS]
    await asyncio.gather(*(one.begin() for one in dispatchers))
    await _until(lambda: all(one.ready for one in dispatchers), _UP_WITHIN)
    clock = SystemClock()
    pace = Pace(folder, clock.now(), clock)
    producer = Producer(folder, bed.environment(_PRODUCER), [str(plan.seed), str(plan.jobs), str(pace.start)])
    blows = Blows(dispatchers, producer)
    faults = Faults({**blows.strikers(), **bed.strikers(dispatchers)}, pace)
    await asyncio.gather(producer.run(), faults.run(plan.strikes))
    done = await _until(bed.records.is_done, _DONE_WITHIN)
    await asyncio.gather(*(one.finish() for one in dispatchers))
    unexpected = [*await bed.finish(), *(text for one in (*dispatchers, producer) for text in one.unexpected)]
    await _until(lambda: not of_run(folder), _GONE_WITHIN)
    breaches = [] if done else [Breach("hang", "", f"jobs are left after {_DONE_WITHIN:g} s without a fault")]
    breaches += [Breach("left process", "", _describe(process)) for process in of_run(folder).values()]
    breaches += [Breach("unexpected end", "", text) for text in unexpected]
    breaches += [Breach("missed", "", f"nothing was up to {strike.fault}") for strike in faults.struck.missed]
    return _Lived(faults.struck, blows.killed_executors, [*breaches, *_tracebacks(folder)])


async def _until(condition: Callable[[], bool | Awaitable[bool]], within: float) -> bool:
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        if answer if isinstance(answer, bool) else await answer:
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)


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
