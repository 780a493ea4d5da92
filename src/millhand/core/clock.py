"""The one place that reads the time and makes ids, so that tests can move both.

An instant is a whole number of microseconds since the Unix epoch, UTC; a duration is a float of seconds.
"""

import os
import time
from datetime import UTC, datetime
from typing import Protocol

MICROSECONDS = 1_000_000

_VARIANT = {f"{digit:x}": f"{0x8 | digit & 0x3:x}" for digit in range(16)}
"""What becomes of a random digit that has to begin with the two bits of the variant."""


class Clock(Protocol):
    """Reads the time and makes ids."""

    def now(self) -> int:
        """The instant now: microseconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...

    def new_id(self) -> str:
        """A new id that sorts by the time it was made (UUID version 7, RFC 9562)."""
        ...

    def new_ids(self, count: int) -> list[str]:
        """So many new ids, in a fraction of the time that one by one would take."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """The instant now: microseconds since the Unix epoch."""
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def new_id(self) -> str:
        """A UUID version 7 (RFC 9562) as 36 characters of text."""
        return self.new_ids(1)[0]

    def new_ids(self, count: int) -> list[str]:
        """So many of them."""
        return uuid7_texts(time.time_ns() // 1_000_000, os.urandom(10 * count))


def uuid7_texts(milliseconds: int, random: bytes) -> list[str]:
    """Write UUIDs version 7 from their time and ten random bytes for each (RFC 9562, section 5.7)."""
    instant, digits = f"{milliseconds:012x}", random.hex()
    head = f"{instant[:8]}-{instant[8:]}-7"
    each = (digits[start : start + 20] for start in range(0, len(digits), 20))
    return [f"{head}{some[1:4]}-{_VARIANT[some[4]]}{some[5:8]}-{some[8:]}" for some in each]


def as_datetime(instant: int) -> datetime:
    """Turn an instant into an aware datetime in UTC."""
    return datetime.fromtimestamp(instant / MICROSECONDS, tz=UTC)


def as_instant(moment: datetime) -> int:
    """Turn an aware datetime into an instant."""
    return round(moment.timestamp() * MICROSECONDS)


def after(instant: int, seconds: float) -> int:
    """The instant that many seconds later."""
    return instant + round(seconds * MICROSECONDS)
