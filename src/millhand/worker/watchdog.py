"""Enforces what asking can't: hard time limits, memory limits, and stops that a handler does not listen to.

It also sees to it that no job waits here for long behind a slow one.
"""

from millhand.core.clock import Clock
from millhand.core.limits import MIB
from millhand.telemetry.metrics import Metrics
from millhand.worker.executor_handle import Executor, Kill
from millhand.worker.holdings import Holding
from millhand.worker.loop import Loop
from millhand.worker.messages import Rules
from millhand.worker.pool import Pool
from millhand.worker.settings import WorkerSettings

_LOOK_EVERY = 0.1
_IDLE = 1.0
_SLOW = 0.1
"""A job that runs longer than this many seconds gives up the jobs that wait behind it in its executor."""

_SILENT_FOR = 30.0


class Watchdog(Loop):
    """Looks at the running jobs ten times a second, and rests while none runs."""

    name = "watchdog"

    def __init__(self, pool: Pool, clock: Clock, metrics: Metrics, settings: WorkerSettings) -> None:
        super().__init__(clock, every=_LOOK_EVERY)
        self._pool = pool
        self._metrics = metrics
        self._kill_after = settings.kill_after
        self._memory_limit = settings.memory_limit

    async def turn(self) -> None:
        """Look at every executor that is busy, and at what waits for one."""
        now = self.clock.monotonic()
        busy = [one for one in self._pool.executors.values() if one.given and one.killed is None]
        for executor in busy:
            self._look(executor, now)
        self._pool.hand_back()
        self.every = _LOOK_EVERY if busy else _IDLE

    def wake(self) -> None:
        """Jobs were given out: rest no longer."""
        if self.every == _IDLE:
            self.rouse()

    def _look(self, executor: Executor, now: float) -> None:
        running = executor.running
        for holding in running:
            holding.runs_at(now)
        if any(_ran(holding, now) > _SLOW for holding in running):
            executor.recall()
        kill = self._overdue(running, now) or self._too_large(executor, running) or _silent(executor, running, now)
        if kill is None:
            return
        self.log.warning(
            "killing an executor",
            executor=executor.name,
            reason=kill.text,
            job_id=kill.culprit.job_id if kill.culprit else None,
        )
        self._metrics.executor_killed(kill.reason)
        executor.kill(kill)

    def _overdue(self, running: list[Holding], now: float) -> Kill | None:
        for holding in running:
            if holding.stop_sent is not None and now - holding.stop_sent > self._kill_after:
                return Kill(holding.stop_reason, f"did not stop within {self._kill_after:g} s", holding)
            rules = self._rules(holding)
            if rules is not None and _ran(holding, now) > rules.limits.hard:
                return Kill("hard_limit", f"ran longer than its hard limit of {rules.limits.hard:g} s", holding)
        return None

    def _too_large(self, executor: Executor, running: list[Holding]) -> Kill | None:
        limits = [self._memory_of(holding) for holding in running]
        limit = sum(one for one in limits if one is not None)
        if not limits or None in limits:
            return None
        used = executor.meter.sample().memory
        if used <= limit:
            return None
        return Kill("memory_limit", f"used {used // MIB} MiB, more than its limit of {limit // MIB} MiB")

    def _memory_of(self, holding: Holding) -> int | None:
        rules = self._rules(holding)
        return self._memory_limit if rules is None or rules.limits.memory is None else rules.limits.memory

    def _rules(self, holding: Holding) -> Rules | None:
        return self._pool.rules.get(holding.delivery.kind)


def _ran(holding: Holding, now: float) -> float:
    return 0.0 if holding.running_since is None else now - holding.running_since


def _silent(executor: Executor, running: list[Holding], now: float) -> Kill | None:
    """An executor that was given jobs and neither begins one nor says a word stands still."""
    if running or now - executor.last_sign <= _SILENT_FOR:
        return None
    return Kill("silent", f"the executor did not begin a job for {_SILENT_FOR:g} s")
