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
            under_way.append(asyncio.create_task(self._strike(strike), name=strike.fault))
        await asyncio.gather(*under_way)

    async def _strike(self, strike: Strike) -> None:
        hit = await self._hit(strike)
        self.struck.log.append(f"{strike.at:7.2f} s  {strike.fault}: {hit or 'missed'}")
        if hit:
            self.struck.counts[strike.fault] += 1
        else:
            self.struck.missed += 1

    async def _hit(self, strike: Strike) -> str:
        if strike.fault is Fault.KILL_PRODUCER:
            return "killed" if self._producer.kill() else ""
        dispatcher = self._free_dispatcher(strike.dispatcher)
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

    def _free_dispatcher(self, number: int) -> Dispatcher | None:
        """That dispatcher, or the other one if a fault is at work on it."""
        chosen = [self._dispatchers[number], *self._dispatchers]
        return next((one for one in chosen if one.pid and not one.busy), None)

    async def _hit_executor(self, strike: Strike, dispatcher: Dispatcher) -> str:
        executors = dispatcher.executors()
        if not executors:
            return ""
        executor = executors[strike.executor % len(executors)]
        with contextlib.suppress(psutil.Error, ValueError):
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
                felled = asyncio.create_task(dispatcher.fell(signal.SIGTERM, 0.0))
                await asyncio.sleep(strike.seconds)
                dispatcher.tell(signal.SIGTERM)
                await felled
            case _:
                await dispatcher.fell(signal.SIGTERM, 0.0)
