"""Asks the broker for as many jobs as there is room for, and hands them to the pool."""

import asyncio

from millhand.core.clock import Clock
from millhand.core.envelope import check_version
from millhand.core.errors import Permanent
from millhand.core.failure import failure_of
from millhand.core.job import Delivery
from millhand.core.outcome import Discarded, Released
from millhand.core.ports import Broker
from millhand.telemetry.metrics import Metrics
from millhand.telemetry.tracing import record_wait
from millhand.worker.holdings import Holding, Holdings
from millhand.worker.loop import Loop
from millhand.worker.pool import Pool
from millhand.worker.settler import Settler


class Fetcher(Loop):
    """Fetches while there is room; waits to be roused when there is none."""

    name = "fetcher"

    def __init__(
        self,
        broker: Broker,
        pool: Pool,
        holdings: Holdings,
        settler: Settler,
        clock: Clock,
        metrics: Metrics,
        poll: float,
    ) -> None:
        super().__init__(clock, every=poll)
        self._broker = broker
        self._pool = pool
        self._holdings = holdings
        self._settler = settler
        self._metrics = metrics
        self._receiving: asyncio.Future[list[Delivery]] | None = None
        self.quiet = False

    async def turn(self) -> None:
        """Fetch until there is no room."""
        while (room := self._pool.room) > 0 and not self._resting:
            deliveries = await self._received(room)
            self.ticked = self.clock.monotonic()
            self._take(deliveries)

    def stop(self) -> None:
        """Let a fetch that waits end at once; the broker hands back what it was about to bring."""
        super().stop()
        self._come_back()

    def hush(self) -> None:
        """Fetch nothing until `go_on`; a fetch that waits ends at once, as above."""
        self.quiet = True
        self._come_back()

    def go_on(self) -> None:
        """Fetch again."""
        self.quiet = False
        self.rouse()

    @property
    def _resting(self) -> bool:
        return self.stopping or self.quiet

    def _come_back(self) -> None:
        if self._receiving is not None:
            self._receiving.cancel()

    async def _received(self, room: int) -> list[Delivery]:
        self._receiving = asyncio.ensure_future(self._broker.receive(room, self.every))
        try:
            return await self._receiving
        except asyncio.CancelledError:
            if not self._resting:
                raise
            return []
        finally:
            self._receiving = None

    def _take(self, deliveries: list[Delivery]) -> None:
        if not deliveries:
            return
        holdings = self._holdings.add(deliveries)
        if self._resting:
            why = "the worker is stopping" if self.stopping else "the worker was told to be quiet"
            for holding in holdings:
                self._settler.release(holding, Released(why))
            return
        self._pool.assign([holding for holding in holdings if self._readable(holding)])
        self._metrics.claimed(deliveries)
        for delivery in deliveries:
            record_wait(delivery)

    def _readable(self, holding: Holding) -> bool:
        try:
            check_version(holding.delivery.version)
        except Permanent as error:
            self._settler.release(holding, Discarded(failure_of(error)))
            return False
        return True
