"""Renews the lease of everything held, from outside the handlers, so that no handler can starve it."""

from millhand.core.clock import Clock, after
from millhand.core.ports import Broker
from millhand.telemetry.metrics import Metrics
from millhand.worker.holdings import Holding, Holdings
from millhand.worker.loop import Loop
from millhand.worker.pool import Pool
from millhand.worker.settings import WorkerSettings

_DUE_SHARE = 0.8


class Leases(Loop):
    """Extends leases; a lost one stops its job, whose result would be refused."""

    name = "leases"

    def __init__(
        self,
        broker: Broker,
        pool: Pool,
        holdings: Holdings,
        clock: Clock,
        metrics: Metrics,
        settings: WorkerSettings,
    ) -> None:
        super().__init__(clock, every=settings.renew_every / 2)
        self.longest_pause = self.every  # after an outage, who renews last has lost most
        self._broker = broker
        self._pool = pool
        self._holdings = holdings
        self._metrics = metrics
        self._lease = settings.lease
        self._renew_every = settings.renew_every

    def due(self) -> list[Holding]:
        """What is to be extended now."""
        now = self.clock.monotonic()
        return [held for held in self._holdings if not held.lost and self._is_due(held, now)]

    async def turn(self) -> None:
        """Extend what is due."""
        now = self.clock.monotonic()
        due = self.due()
        if not due:
            return
        until = after(self.clock.now(), self._lease)
        answers = await self._broker.extend([holding.delivery for holding in due], self._lease)
        for holding, kept in zip(due, answers, strict=True):
            if kept:
                holding.renewed, holding.until = now, until
            elif holding in self._holdings and not holding.ended:  # else its settlement takes the lease away
                self._lost(holding)
        self._metrics.leases_renewed(sum(answers))

    def _is_due(self, holding: Holding, now: float) -> bool:
        """Whether it is time; a machine that slept may not have counted the seconds, but its calendar has."""
        return now - holding.renewed >= self._renew_every * _DUE_SHARE or self.clock.now() >= holding.until

    def _lost(self, holding: Holding) -> None:
        holding.lost = True
        self._metrics.lease_lost(holding.delivery)
        self.log.warning("lease lost: stopping the job", job_id=holding.job_id, attempt=holding.delivery.attempt)
        executor = self._pool.executors.get(holding.executor)
        if executor is not None and holding.ticket in executor.given:
            executor.stop_one(holding, "lost")
        else:
            self._holdings.drop(holding)
