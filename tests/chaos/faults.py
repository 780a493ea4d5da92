"""Have the faults of a plan strike, each at its time, and remember what each of them hit."""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

from tests.chaos.fleet import Dispatcher, Producer, name_of_executor
from tests.chaos.plan import Fault, Strike

_PATIENCE = 15.0
"""Seconds for which a fault waits for something to strike at."""


@dataclass
class Struck:
    """What the faults did. `killed_executors` are named by worker and executor; faults whose target was down missed."""

    counts: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    killed_executors: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)


class Faults:
    """Strikes at the processes of a run."""

    def __init__(self, dispatchers: Sequence[Dispatcher], producer: Producer) -> None:
        self.struck = Struck()
        self._dispatchers = dispatchers
        self._producer = producer

    async def run(self, strikes: Sequence[Strike]) -> None:
        """Have all of them strike; returns when everything that was frozen or felled is up again."""
        began = time.monotonic()
        under_way: list[asyncio.Task[None]] = []
        for strike in strikes:
            await asyncio.sleep(max(0.0, began + strike.at - time.monotonic()))
            target = await self._free_dispatcher(strike.dispatcher)
            began = max(began, time.monotonic() - strike.at)  # a slow machine gets the same faults later
            under_way.append(asyncio.create_task(self._strike(strike, target), name=strike.fault))
        await asyncio.gather(*under_way)

    async def _strike(self, strike: Strike, target: Dispatcher | None) -> None:
        hit = await self._hit(strike, target)
        self.struck.log.append(f"{strike.at:7.2f} s  {strike.fault}: {hit or 'missed'}")
        if hit:
            self.struck.counts[strike.fault] += 1
        else:
            self.struck.missed += 1

    async def _hit(self, strike: Strike, dispatcher: Dispatcher | None) -> str:
        if strike.fault is Fault.KILL_PRODUCER:
            return "killed" if self._producer.kill() else ""
        if dispatcher is None:
            return ""
        if strike.fault in {Fault.KILL_EXECUTOR, Fault.END_EXECUTOR, Fault.FREEZE_EXECUTOR}:
            return await self._hit_executor(strike, dispatcher)
        dispatcher.busy = True
        hit = f"dispatcher {dispatcher.number}, process {dispatcher.pid}, {strike.seconds} s"
        try:
            await self._hit_dispatcher(strike, dispatcher)
        finally:
            dispatcher.busy = False
        return hit

    async def _free_dispatcher(self, number: int) -> Dispatcher | None:
        """The first that has begun to run jobs and has no other fault at work on it, preferably that one."""
        deadline = time.monotonic() + _PATIENCE
        chosen = [self._dispatchers[number], *self._dispatchers]
        while time.monotonic() < deadline:
            for one in chosen:
                if not one.busy and one.at_work:
                    return one
            await asyncio.sleep(0.05)
        return None

    async def _hit_executor(self, strike: Strike, dispatcher: Dispatcher) -> str:
        executors = dispatcher.executors()
        with contextlib.suppress(psutil.Error, ValueError, ZeroDivisionError):
            executor = executors[strike.executor % len(executors)]
            name = name_of_executor(executor)
            if strike.fault is Fault.FREEZE_EXECUTOR:
                executor.suspend()
                await asyncio.sleep(strike.seconds)
                executor.resume()
            elif strike.fault is Fault.END_EXECUTOR:
                executor.terminate()
            else:
                self.struck.killed_executors.add(name)
                executor.kill()
            return f"{name}, process {executor.pid}, {strike.seconds} s"
        return ""

    async def _hit_dispatcher(self, strike: Strike, dispatcher: Dispatcher) -> None:
        match strike.fault:
            case Fault.FREEZE_DISPATCHER:
                dispatcher.tell(signal.SIGSTOP)
                await asyncio.sleep(strike.seconds)
                dispatcher.tell(signal.SIGCONT)
            case Fault.KILL_DISPATCHER:
                await dispatcher.fell(signal.SIGKILL, strike.seconds)
            case Fault.ABORT_DISPATCHER:
                first = dispatcher.pid
                felled = asyncio.create_task(dispatcher.fell(signal.SIGTERM, 0.0))
                await asyncio.sleep(strike.seconds)
                if dispatcher.pid == first:
                    dispatcher.tell(signal.SIGTERM)
                await felled
            case _:
                await dispatcher.fell(signal.SIGTERM, 0.0)
