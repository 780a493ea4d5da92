"""The dispatcher: wires the parts together, runs them, and takes them down in order. It runs no user code itself."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from millhand.core.clock import Clock
from millhand.core.errors import ConfigError
from millhand.core.finding import Finding, Level
from millhand.core.health import LoopTick
from millhand.core.outcome import Released
from millhand.core.ports import Broker, Ledger, Observer
from millhand.core.wish import Wish
from millhand.telemetry.metrics import Metrics
from millhand.worker.canceller import Canceller
from millhand.worker.chores import Chore
from millhand.worker.executor_handle import Kill
from millhand.worker.fetcher import Fetcher
from millhand.worker.holdings import Holdings
from millhand.worker.leases import Leases
from millhand.worker.loop import Loop
from millhand.worker.observers import Observers
from millhand.worker.pool import Pool
from millhand.worker.reporter import Reporter
from millhand.worker.settings import ExecutorCommand, WorkerSettings
from millhand.worker.settler import Settler
from millhand.worker.supervisor import Supervisor
from millhand.worker.watchdog import Watchdog

_TELL_WITHIN = 5.0
"""Seconds that the last settlements may take at the end."""
_END_WITHIN = 5.0
"""Seconds that idle executors may take to close their engines."""


class Phase(StrEnum):
    """Where a dispatcher is in its life."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """How a dispatcher ended: jobs settled in its life, and jobs that it had to interrupt, which run again."""

    settled: int
    interrupted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a dispatcher works with. `chores` are the periodic duties of this installation; `observers` look on."""

    broker: Broker
    ledger: Ledger
    clock: Clock
    metrics: Metrics
    command: ExecutorCommand
    random: Callable[[], float]
    chores: Sequence[Chore] = ()
    observers: Sequence[Observer] = ()


class Dispatcher:
    """Leases jobs, has executors run them, settles them, until told to drain."""

    def __init__(self, parts: Parts, settings: WorkerSettings) -> None:
        self._parts = parts
        self._settings = settings
        clock, metrics, observers = parts.clock, parts.metrics, Observers(parts.observers)
        self.phase = Phase.STARTING
        self.holdings = Holdings(clock, self._busy)
        self._reporter = Reporter(parts.ledger, clock)
        self._settler = Settler(
            parts.broker, self.holdings, clock, metrics, lambda: self.pool.rules, parts.random, observers
        )
        self.pool = Pool(self._settler, self._reporter, clock, self._changed, observers)
        self._fetcher = Fetcher(parts.broker, self.pool, self.holdings, self._settler, clock, metrics, settings.poll)
        self._leases = Leases(parts.broker, self.pool, self.holdings, clock, metrics, settings)
        self._supervisor = Supervisor(self.pool, parts.command, settings, clock, metrics)
        self._watchdog = Watchdog(self.pool, clock, metrics, settings)
        self._canceller = Canceller(parts.ledger, self.pool, self.holdings, clock)
        for loop in (self._fetcher, *parts.chores):
            loop.outage_pauses = settings.outage_pauses
        self._drain_asked = asyncio.Event()
        self._abort_asked = asyncio.Event()
        self._log = structlog.get_logger("millhand.worker")

    def drain(self) -> None:
        """Fetch nothing more, let running jobs end within the grace time, then stop. Calling it twice is harmless."""
        self._drain_asked.set()

    def abort(self) -> None:
        """Stop at once: kill what runs and hand it back."""
        self._drain_asked.set()
        self._abort_asked.set()

    @property
    def quiet(self) -> bool:
        """Whether it takes no jobs for now, because somebody wished it so."""
        return self._fetcher.quiet

    def heed(self, wish: Wish) -> None:
        """Do what somebody wishes of this worker; to hear the same again is harmless."""
        if wish is Wish.STOP:
            self.drain()
        elif wish is Wish.QUIET and not self.quiet:
            self._log.info("told to be quiet")
            self._fetcher.hush()
            self._tell_of_itself()
        elif wish is Wish.WORK and self.quiet:
            self._log.info("told to work again")
            self._fetcher.go_on()
            self._tell_of_itself()

    async def renew(self) -> None:
        """Renew what is held before others, or this very worker, take it for left behind: it may have stood still.

        Nothing is due when it returns, not even if the machine slept while it renewed.
        """
        while self._leases.due():
            await self._leases.turn()

    async def run(self) -> Drained:
        """Work until drained; raises what a part died of, after everything is stopped."""
        tasks = {loop.name: asyncio.create_task(loop.run(), name=loop.name) for loop in self._loops()}
        asked = asyncio.create_task(self._drain_asked.wait(), name="drain asked")
        try:
            await asyncio.wait([asked, *tasks.values()], return_when=asyncio.FIRST_COMPLETED)
            interrupted = await self._wind_down(tasks)
        finally:
            asked.cancel()
            self._kill_all("the dispatcher ended")
            await _finish(tasks.values())
            await self._settler.close()
            self.phase = Phase.STOPPED
        _raise_first(tasks.values())
        if self.pool.start_failure is not None:
            failure = self.pool.start_failure.failure
            raise ConfigError(failure.message, code=failure.code, hint=failure.hint)
        return Drained(settled=self._settler.settled, interrupted=interrupted)

    def loops(self) -> list[LoopTick]:
        """How long ago each part moved, for the health check."""
        return [LoopTick(loop.name, loop.age, loop.limit) for loop in self._loops() if not loop.stopping]

    def ready(self) -> list[Finding]:
        """Whether it can take work."""
        up = sum(executor.ready for executor in self.pool.executors.values())
        hint = "Look at the executors' lines on standard error." if self._supervisor.crash_looping else "Wait a moment."
        quiet = ", and takes no jobs: somebody wished it so" if self.quiet else ""
        return [
            Finding("worker.phase", _level(self.phase is Phase.RUNNING), f"the dispatcher is {self.phase}{quiet}", ""),
            Finding(
                "worker.executors",
                _level(up > 0),
                f"{up} of {self._settings.executors} executors are ready",
                hint,
            ),
        ]

    def _loops(self) -> list[Loop]:
        return [
            self._supervisor,
            self._settler,
            self._reporter,
            self._leases,
            self._watchdog,
            self._canceller,
            self._fetcher,
            *self._parts.chores,
        ]

    def _changed(self) -> None:
        if self.pool.start_failure is not None:
            self._drain_asked.set()
        if self.phase is Phase.STARTING and self.pool.rules:
            self.phase = Phase.RUNNING
            self._tell_of_itself()
        self._fetcher.rouse()

    def _tell_of_itself(self) -> None:
        """Have the chores turn now, as what they tell of this worker has changed."""
        for chore in self._parts.chores:
            chore.rouse()

    def _busy(self) -> None:
        self._watchdog.wake()
        self._canceller.wake()

    async def _wind_down(self, tasks: dict[str, asyncio.Task[None]]) -> int:
        self.phase = Phase.DRAINING
        for loop in (self._fetcher, *(chore for chore in self._parts.chores if not chore.to_the_end)):
            loop.stop()
        self._tell_of_itself()
        self.pool.closed = True
        if len(self.holdings):
            self._log.info("draining", jobs=len(self.holdings), grace_seconds=self._settings.grace)
        self._hand_back()
        await self._until_done(self._settings.grace, tasks)
        interrupted = await self._interrupt(tasks)
        await self._end_executors(tasks[self._supervisor.name])
        await self._tell_the_rest(tasks)
        return interrupted

    def _hand_back(self) -> None:
        """Release the jobs that no handler has seen."""
        for holding in self.pool.take_waiting():
            self._settler.release(holding, Released("the worker is stopping"))
        for executor in self.pool.executors.values():
            executor.recall()

    async def _until_done(self, seconds: float, tasks: dict[str, asyncio.Task[None]]) -> None:
        """Wait until nothing is held, the time is up, an abort is asked for, or a part has died."""
        deadline = self._parts.clock.monotonic() + seconds
        while len(self.holdings) and self._parts.clock.monotonic() < deadline:
            if self._abort_asked.is_set() or _died(tasks.values()):
                return
            self._hand_back()
            await asyncio.sleep(0.02)

    async def _interrupt(self, tasks: dict[str, asyncio.Task[None]]) -> int:
        """Stop what still runs, by asking and then by force; nothing is charged."""
        executors = list(self.pool.executors.values())
        running = [held.job_id for executor in executors for held in executor.running]
        if running:
            self._log.warning("interrupting jobs; they will run again", jobs=running)
        if any(executor.given for executor in executors):
            for executor in executors:
                for holding in executor.given.values():
                    executor.stop_one(holding, "draining")
            await self._until_done(self._settings.kill_after, tasks)
            self._kill_all("the worker is stopping")
        return len(running)

    def _kill_all(self, text: str) -> None:
        for executor in list(self.pool.executors.values()):
            if executor.given or self.phase is not Phase.DRAINING:
                executor.kill(Kill("draining", text))

    async def _end_executors(self, supervising: asyncio.Task[None]) -> None:
        self._supervisor.stop()
        await asyncio.wait([supervising])  # it may be about to start another one
        for executor in list(self.pool.executors.values()):
            executor.retire()
        try:
            await asyncio.wait_for(self._supervisor.ended(), _END_WITHIN)
        except TimeoutError:
            for executor in list(self.pool.executors.values()):
                executor.kill(Kill("draining", "did not end"))
            await self._supervisor.ended()

    async def _tell_the_rest(self, tasks: dict[str, asyncio.Task[None]]) -> None:
        """Let the broker take the last settlements, those too of jobs that a fetch under way still brings."""
        deadline = self._parts.clock.monotonic() + _TELL_WITHIN
        fetching = tasks[self._fetcher.name]
        while len(self.holdings) or not fetching.done():
            if self._parts.clock.monotonic() > deadline or _died(tasks.values()):
                break
            self._hand_back()
            await asyncio.sleep(0.01)
        for loop in self._loops():
            loop.stop()
        if len(self.holdings):
            left = [holding.job_id for holding in self.holdings]
            self._log.error("the broker did not take the last settlements; the jobs run again later", jobs=left)


def _level(ok: bool) -> Level:  # noqa: FBT001 - a plain conversion
    return Level.OK if ok else Level.ERROR


def _died(tasks: Iterable[asyncio.Task[None]]) -> bool:
    return any(task.done() and task.exception() is not None for task in tasks)


async def _finish(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait for tasks to end, cancelling those that do not; what they raised is looked at later."""
    _, pending = await asyncio.wait(tasks, timeout=_END_WITHIN)
    for task in pending:
        task.cancel()
    await asyncio.wait(tasks)


def _raise_first(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
