"""Carries cancel requests from the ledger to the handlers that run here."""

from millhand.core.clock import Clock
from millhand.core.ports import Ledger
from millhand.worker.holdings import Holding, Holdings
from millhand.worker.loop import Loop
from millhand.worker.pool import Pool

_LOOK_EVERY = 0.4
_IDLE = 1.0
_OLD_ENOUGH = 0.2


class Canceller(Loop):
    """Looks for requests while jobs run; one reaches its handler well within a second."""

    name = "canceller"

    def __init__(self, ledger: Ledger, pool: Pool, holdings: Holdings, clock: Clock) -> None:
        super().__init__(clock, every=_LOOK_EVERY)
        self._ledger = ledger
        self._pool = pool
        self._holdings = holdings

    async def turn(self) -> None:
        """Ask about the jobs that have run for a moment, and tell those that are to stop."""
        now = self.clock.monotonic()
        self.every = _LOOK_EVERY if len(self._holdings) else _IDLE
        asked = {held.job_id: held for held in self._holdings if self._worth_asking(held, now)}
        if not asked:
            return
        for job_id in await self._ledger.cancel_requests(list(asked)):
            self._stop(asked[job_id])

    def wake(self) -> None:
        """Jobs were given out: rest no longer."""
        if self.every == _IDLE:
            self.rouse()

    def _worth_asking(self, holding: Holding, now: float) -> bool:
        return not holding.lost and holding.stop_sent is None and now - holding.held_since > _OLD_ENOUGH

    def _stop(self, holding: Holding) -> None:
        executor = self._pool.executors.get(holding.executor)
        if executor is not None and holding.ticket in executor.given:
            self.log.info("cancelling a running job", job_id=holding.job_id)
            executor.stop_one(holding, "cancelled")
