"""The clock that all hosts share: the database server's, told from this machine's by what was last read of it."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from millhand.core.clock import MICROSECONDS, Clock, after

ServerTime = Callable[[sa.Connection], int]
"""Reads the instant of the server."""

_TRUSTED_FOR = 60.0
_MOST_DISAGREEMENT = 0.2
_READINGS = 3


@dataclass(frozen=True, slots=True)
class _Reading:
    """The server's instant at one moment, with what this machine's clocks said then; `doubt` is in seconds."""

    server: int
    local: int
    monotonic: float
    doubt: float


class ServerClock:
    """Leases and delays of several hosts are judged by one clock, however wrong their own ones are.

    Between readings it goes on with this machine's monotonic clock. It is read anew every minute, and once the local
    calendar has jumped: then the machine has slept, or somebody has set its clock.
    """

    def __init__(self, local: Clock, read: ServerTime) -> None:
        self._local = local
        self._read = read
        self._last: _Reading | None = None

    def now(self) -> int:
        """The server's instant; this machine's before the first reading."""
        last = self._last
        if last is None:
            return self._local.now()
        return after(last.server, self._local.monotonic() - last.monotonic)

    def monotonic(self) -> float:
        """This machine's monotonic seconds."""
        return self._local.monotonic()

    def new_id(self) -> str:
        """A new id."""
        return self._local.new_id()

    def new_ids(self, count: int) -> list[str]:
        """So many new ids."""
        return self._local.new_ids(count)

    @property
    def ahead(self) -> float:
        """Seconds by which this machine's clock is ahead of the server's."""
        return (self._local.now() - self.now()) / MICROSECONDS

    @property
    def outdated(self) -> bool:
        """Whether the server should be asked again."""
        last = self._last
        if last is None:
            return True
        passed = self._local.monotonic() - last.monotonic
        by_calendar = (self._local.now() - last.local) / MICROSECONDS
        return passed > _TRUSTED_FOR or abs(by_calendar - passed) > _MOST_DISAGREEMENT

    def set(self, connection: sa.Connection) -> None:
        """Ask the server a few times, and believe the quickest answer."""
        self._last = min((self._ask(connection) for _ in range(_READINGS)), key=lambda reading: reading.doubt)

    def _ask(self, connection: sa.Connection) -> _Reading:
        before = self._local.monotonic()
        server = self._read(connection)
        half = (self._local.monotonic() - before) / 2
        return _Reading(server, self._local.now(), before + half, half)
