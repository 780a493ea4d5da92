"""Keeps the right number of executors alive: starts, recycles and replaces them, and backs off from a crash loop."""

import asyncio
from dataclasses import dataclass

from millhand.core.clock import Clock
from millhand.telemetry.metrics import Metrics
from millhand.worker.executor_handle import Executor, Kill
from millhand.worker.executor_process import ExecutorProcess
from millhand.worker.loop import Loop
from millhand.worker.pool import Pool
from millhand.worker.settings import ExecutorCommand, WorkerSettings

_LOOK_EVERY = 1.0
_CRASH_LOOP = 5
"""So many executors in a row that died without finishing a job make a crash loop."""
_FREE_DEATHS = 2
_LONGEST_BACK_OFF = 30.0


@dataclass(slots=True)
class _Deaths:
    """Executors in a row that died before they finished a job."""

    in_a_row: int = 0
    not_before: float = 0.0


class Supervisor(Loop):
    """Starts executors and replaces those that end."""

    name = "supervisor"

    def __init__(
        self,
        pool: Pool,
        command: ExecutorCommand,
        settings: WorkerSettings,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        super().__init__(clock, every=_LOOK_EVERY)
        self._pool = pool
        self._command = command
        self._settings = settings
        self._metrics = metrics
        self._numbers = 0
        self._deaths = _Deaths()
        self._listeners: set[asyncio.Task[None]] = set()

    @property
    def crash_looping(self) -> bool:
        """Whether executors die as fast as they are started."""
        return self._deaths.in_a_row >= _CRASH_LOOP

    async def turn(self) -> None:
        """Retire what is due, kill what does not come up, and start what is missing."""
        for executor in list(self._pool.executors.values()):
            self._look(executor)
        serving = sum(not executor.retiring for executor in self._pool.executors.values())
        for _ in range(self._settings.executors - serving):
            if self.stopping or self.clock.monotonic() < self._deaths.not_before:
                return
            await self._start()

    async def ended(self) -> None:
        """Wait until every executor has ended and its end is dealt with."""
        while self._listeners:
            await asyncio.wait(self._listeners)

    def _look(self, executor: Executor) -> None:
        executor.process.tidy()
        age = self.clock.monotonic() - executor.started
        if executor.rules is None and age > self._settings.start_limit:
            executor.kill(Kill("start", f"did not come up within {self._settings.start_limit:g} s"))
        reason = self._why_recycle(executor, age)
        if reason and executor.ready:
            self.log.debug("recycling an executor", executor=executor.name, reason=reason)
            self._metrics.executor_recycled(reason)
            executor.retire()

    def _why_recycle(self, executor: Executor, age: float) -> str:
        settings = self._settings
        if settings.recycle_jobs is not None and executor.done >= settings.recycle_jobs:
            return "jobs"
        if settings.recycle_age is not None and age > settings.recycle_age:
            return "age"
        if settings.recycle_memory is not None and executor.done and not executor.given:
            used = executor.meter.sample().memory
            return "memory" if used > settings.recycle_memory else ""
        return ""

    async def _start(self) -> None:
        self._numbers += 1
        name = f"executor-{self._numbers}"
        process = await ExecutorProcess.start(self._command, name)
        executor = Executor(name, process, self._settings.slots, self.clock)
        self._pool.executors[name] = executor
        self._metrics.executor_started()
        listener = asyncio.create_task(self._listen(executor), name=f"listen-{name}")
        self._listeners.add(listener)
        listener.add_done_callback(self._listeners.discard)

    async def _listen(self, executor: Executor) -> None:
        how = await executor.process.listen(lambda messages: self._pool.hear(executor, messages))
        self._note_end(executor, how)
        self._pool.gone(executor, how)
        self.rouse()

    def _note_end(self, executor: Executor, how: str) -> None:
        if executor.done:
            self._deaths = _Deaths()
        if executor.retiring or self.stopping:
            return
        self._metrics.executor_ended(executor.killed.reason if executor.killed else "died")
        self.log.warning("an executor ended", executor=executor.name, pid=executor.process.pid, how=how)
        if executor.done == 0 and executor.killed is None:
            self._back_off()

    def _back_off(self) -> None:
        self._deaths.in_a_row += 1
        paid = self._deaths.in_a_row - _FREE_DEATHS
        wait = min(_LONGEST_BACK_OFF, 0.25 * 2.0**paid) if paid > 0 else 0.0
        self._deaths.not_before = self.clock.monotonic() + wait
        if self._deaths.in_a_row == _CRASH_LOOP:
            self.log.error(
                "executors die as fast as they start",
                in_a_row=self._deaths.in_a_row,
                hint="Look at their lines on standard error: the app may fail to load.",
            )
