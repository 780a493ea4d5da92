"""Brokers for tests of the worker's parts that need only one answer of a broker."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from millhand.core.capabilities import Capabilities
from millhand.core.job import Delivery, NewJob, Sent
from millhand.core.ports import CancelResult, QueueStats
from millhand.core.settlement import Settlement

_SMALL = Capabilities(max_payload=100)


@dataclass
class Accepting:
    """Delivers what was put into `ready`, accepts settlements but of the jobs in `lost`, and forgets nothing."""

    ready: list[Delivery] = field(default_factory=list[Delivery])
    settled: list[Settlement] = field(default_factory=list[Settlement])
    extended: list[str] = field(default_factory=list[str])
    lost: set[str] = field(default_factory=set[str])
    capabilities: Capabilities = _SMALL

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def send(self, jobs: Sequence[NewJob]) -> list[Sent]:
        """Nobody sends here."""
        return [Sent(job.id) for job in jobs]

    async def receive(self, limit: int, wait: float) -> list[Delivery]:
        """Up to `limit` of those that are ready."""
        await asyncio.sleep(0 if self.ready else wait)
        taken, self.ready = self.ready[:limit], self.ready[limit:]
        return taken

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Every lease but those of the lost jobs."""
        await asyncio.sleep(0)
        self.extended += [each.job_id for each in deliveries]
        return [each.job_id not in self.lost for each in deliveries]

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Every settlement but those of the lost jobs."""
        self.settled += settlements
        return [each.delivery.job_id not in self.lost for each in settlements]

    async def cancel(self, job_id: str) -> CancelResult:
        """Nobody cancels here."""
        return CancelResult.UNKNOWN

    async def stats(self) -> list[QueueStats]:
        """There are no queues."""
        return []
