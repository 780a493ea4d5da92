"""The one place that reads the time and makes ids, so that tests can move both.

An instant is a whole number of microseconds since the Unix epoch, UTC; a duration is a float of seconds.
"""

import os
import time
from datetime import UTC, datetime
from typing import Protocol

MICROSECONDS = 1_000_000


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


def uuid7_text(milliseconds: int, random: bytes) -> str:
    """Write a UUID version 7 from its time and ten random bytes (RFC 9562, section 5.7)."""
    rest = bytearray(random)
    rest[0] = 0x70 | rest[0] & 0x0F
    rest[2] = 0x80 | rest[2] & 0x3F
    text = milliseconds.to_bytes(6, "big").hex() + rest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def as_datetime(instant: int) -> datetime:
    """Turn an instant into an aware datetime in UTC."""
    return datetime.fromtimestamp(instant / MICROSECONDS, tz=UTC)


def as_instant(moment: datetime) -> int:
    """Turn an aware datetime into an instant."""
    return round(moment.timestamp() * MICROSECONDS)


def after(instant: int, seconds: float) -> int:
    """The instant that many seconds later."""
    return instant + round(seconds * MICROSECONDS)
