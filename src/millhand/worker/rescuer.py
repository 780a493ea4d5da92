"""Takes jobs back from workers that are gone, and leaves those alone that may only have been out of touch."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from millhand.core.clock import Clock, after
from millhand.core.errors import BrokerUnavailable
from millhand.core.ports import QueueStats


class RescuingBroker(Protocol):
    """What it needs of a broker."""

    async def rescue(self) -> int:
        """Offer again the jobs whose lease has run out."""
        ...

    async def stats(self) -> Sequence[QueueStats]:
        """Any question that shows whether the broker is there."""
        ...


class Rescuer:
    """Looks for leases that have run out, after it has had this worker renew its own.

    An outage of the broker that is longer than a lease makes every lease run out, and a machine that slept those of all
    its workers. So a worker that was out of touch itself gives the others the time of one lease to come back and renew.
    """

    def __init__(
        self, broker: RescuingBroker, renew: Callable[[], Awaitable[None]], clock: Clock, lease: float
    ) -> None:
        self._broker = broker
        self._renew = renew
        self._clock = clock
        self._lease = lease
        self._looked = clock.now()
        self._outage = False
        self._patient_until = float("-inf")

    async def rescue(self) -> int:
        """Look once; returns how many jobs were taken back. Raises `BrokerUnavailable`."""
        try:
            await self._renew()
            if self._outage:
                await self._broker.stats()
            if self._outage or self._stood_still():
                self._outage = False
                self._patient_until = self._clock.monotonic() + self._lease
            self._looked = self._clock.now()
            return 0 if self._clock.monotonic() < self._patient_until else await self._broker.rescue()
        except BrokerUnavailable:
            self._outage = True
            raise

    def _stood_still(self) -> bool:
        """Whether it could not look for a whole lease; one that is always so slow must rescue at times all the same."""
        silent = self._clock.now() > after(self._looked, self._lease)
        return silent and self._clock.monotonic() > self._patient_until + self._lease
