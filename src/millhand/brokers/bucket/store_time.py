"""The one time that all workers share: the store's. Each reads it off an object that it writes."""

from typing import Protocol

from millhand.brokers.bucket.layout import CLOCK
from millhand.core.clock import MICROSECONDS, Clock, after
from millhand.stores import Bucket

_GRAIN = 1.0
"""Stores tell when an object was written in whole seconds."""
_SLOW = 1.0
_LOOKS = 3
_FRESH = 300.0
_JUMP = 1.0


class StoreTime(Protocol):
    """The store's clock."""

    @property
    def error(self) -> float:
        """Seconds by which `now` may be wrong at most."""
        ...

    async def sync(self) -> None:
        """Look at the store's clock again, if it is time."""
        ...

    def now(self) -> int:
        """The store's instant now."""
        ...


def lease_end(time: StoreTime, seconds: float) -> int:
    """The instant at which a lease of so many seconds is over for certain, as far as whoever takes it can know."""
    return after(time.now(), seconds + time.error)


def is_over(time: StoreTime, until: int) -> bool:
    """Whether that instant is past for certain, as far as whoever looks can know."""
    return after(until, time.error) < time.now()


class BucketTime:
    """The time of a bucket: leases are judged by it, whatever the clocks of the workers say.

    Between two looks it goes on with this machine's monotonic clock. If the machine slept, or its calendar was set,
    the two clocks of the machine disagree, and the store is asked again.
    """

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock
        self._at: int | None = None
        self._ticks = 0.0
        self._calendar = 0
        self._error = _GRAIN

    @property
    def error(self) -> float:
        """Seconds: half a grain of the store's clock, and half of the time that the look took."""
        return self._error

    async def sync(self) -> None:
        """Ask the store, unless the last answer is fresh; a few times where that is slow, for an answer of more use."""
        if self._at is not None and self._is_sound():
            return
        for _ in range(_LOOKS):
            if await self._look() < _SLOW:
                return

    async def _look(self) -> float:
        """Read the time off an object that is written now; returns the seconds that this took.

        All workers write the same object, so it may be another's write that is read: it was at some time of the look.
        """
        calendar, began = self._clock.now(), self._clock.monotonic()
        await self._bucket.put(CLOCK, str(calendar).encode(), "text/plain")
        facts = await self._bucket.stat(CLOCK)
        took = self._clock.monotonic() - began
        self._ticks, self._calendar = began + took / 2, after(calendar, took / 2)
        self._at = after(facts.modified, _GRAIN / 2)
        self._error = (_GRAIN + took) / 2
        return took

    def now(self) -> int:
        """The store's instant now; this machine's before the first look."""
        if self._at is None:
            return self._clock.now()
        return after(self._at, self._clock.monotonic() - self._ticks)

    def _is_sound(self) -> bool:
        passed = self._clock.monotonic() - self._ticks
        by_calendar = (self._clock.now() - self._calendar) / MICROSECONDS
        return passed < _FRESH and abs(by_calendar - passed) < _JUMP
