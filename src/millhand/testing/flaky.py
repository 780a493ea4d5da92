"""A broker that can be cut off for a while, for tests of programs that must live through that."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from millhand.core.capabilities import Capabilities
from millhand.core.errors import BrokerUnavailable
from millhand.core.job import Delivery, NewJob, Sent
from millhand.core.ports import Broker, CancelResult, QueueStats
from millhand.core.settlement import Settlement

T = TypeVar("T")


class FlakyBroker:
    """Passes every call to the broker inside, or raises `BrokerUnavailable` while it is cut off.

    `cut` starts an outage and `mend` ends it. `lose_answers(n)` lets the next n calls through but loses their answers:
    the caller can't know whether they took effect. `refused` counts the calls that failed.
    """

    def __init__(self, broker: Broker) -> None:
        self.refused = 0
        self._broker = broker
        self._cut = False
        self._lost_answers = 0

    def cut(self) -> None:
        """Fail every call from now on."""
        self._cut = True

    def mend(self) -> None:
        """Let calls through again."""
        self._cut = False

    def lose_answers(self, calls: int) -> None:
        """Let so many calls through and lose what the broker answers."""
        self._lost_answers = calls

    @property
    def capabilities(self) -> Capabilities:
        """What the broker inside can do."""
        return self._broker.capabilities

    async def open(self) -> None:
        """Open the broker inside."""
        await self._broker.open()

    async def close(self) -> None:
        """Close the broker inside."""
        await self._broker.close()

    async def send(self, jobs: Sequence[NewJob]) -> list[Sent]:
        """Send."""
        await self._pass()
        return self._answer(await self._broker.send(jobs))

    async def receive(self, limit: int, wait: float) -> list[Delivery]:
        """Receive. No answer of this call is lost: nobody would know of the leases."""
        await self._pass()
        return await self._broker.receive(limit, wait)

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Extend."""
        await self._pass()
        return self._answer(await self._broker.extend(deliveries, seconds))

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Settle."""
        await self._pass()
        return self._answer(await self._broker.settle(settlements))

    async def cancel(self, job_id: str) -> CancelResult:
        """Cancel."""
        await self._pass()
        return self._answer(await self._broker.cancel(job_id))

    async def stats(self) -> list[QueueStats]:
        """How each queue stands."""
        await self._pass()
        return await self._broker.stats()

    async def _pass(self) -> None:
        await asyncio.sleep(0)
        if self._cut:
            self.refused += 1
            raise BrokerUnavailable("the connection was cut")

    def _answer(self, answer: T) -> T:
        if not self._lost_answers:
            return answer
        self._lost_answers -= 1
        self.refused += 1
        raise BrokerUnavailable("the connection was cut before the answer came")
