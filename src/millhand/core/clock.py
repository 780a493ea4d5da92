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

MOST_SUCCESSORS = 2**15
"""How many steps of up to 32 bits fit into the second half of the last 48 bits of a UUID."""


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
        """So many new ids, in ascending order: that is quicker to make, and to put into an index."""
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
        return uuid7_text(time.time_ns() // 1_000_000, os.urandom(10))

    def new_ids(self, count: int) -> list[str]:
        """So many of them."""
        if count > MOST_SUCCESSORS:
            return self.new_ids(MOST_SUCCESSORS) + self.new_ids(count - MOST_SUCCESSORS)
        return uuid7_successors(self.new_id(), os.urandom(4 * count))


def uuid7_text(milliseconds: int, random: bytes) -> str:
    """Write a UUID version 7 from its time and ten random bytes (RFC 9562, section 5.7)."""
    instant, digits = f"{milliseconds:012x}", random.hex()
    return f"{instant[:8]}-{instant[8:]}-7{digits[1:4]}-{_VARIANT[digits[4]]}{digits[5:8]}-{digits[8:]}"


def uuid7_successors(first: str, random: bytes) -> list[str]:
    """UUIDs that follow this one by random steps, up to `MOST_SUCCESSORS` from four bytes for each (section 6.2)."""
    steps = memoryview(random).cast("I")
    head, start = first[:-12], int(first[-12:], 16) >> 1
    floors = range(start, start + len(steps) * 2**32, 2**32)
    return [head + "%012x" % (floor + step) for floor, step in zip(floors, steps, strict=True)]


def as_datetime(instant: int) -> datetime:
    """Turn an instant into an aware datetime in UTC."""
    return datetime.fromtimestamp(instant / MICROSECONDS, tz=UTC)


def as_instant(moment: datetime) -> int:
    """Turn an aware datetime into an instant."""
    return round(moment.timestamp() * MICROSECONDS)


def after(instant: int, seconds: float) -> int:
    """The instant that many seconds later."""
    return instant + round(seconds * MICROSECONDS)
