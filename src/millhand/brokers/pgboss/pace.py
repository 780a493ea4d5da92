"""Look at what no index of pg-boss leads to only as often as the look is cheap."""

from collections.abc import Generator
from contextlib import contextmanager

from millhand.core.clock import Clock

_MOST_SHARE = 0.01


class Pace:
    """Spends at most a hundredth of the time on something: after looks of 0.3 s the next one is due in 30 s.

    The shorter of the last two looks counts, as one may have been held up by an outage or a stalled network, and one
    that failed not at all. Between two beginnings lie `at_least` so many seconds.
    """

    def __init__(self, clock: Clock, at_least: float = 0.0) -> None:
        self._clock = clock
        self._at_least = at_least
        self._due_at = 0.0
        self._before = 0.0

    @property
    def is_due(self) -> bool:
        """Whether it is time for another look."""
        return self._clock.monotonic() >= self._due_at

    @contextmanager
    def look(self) -> Generator[None]:
        """Measure a look."""
        begun = self._clock.monotonic()
        self._due_at = begun + self._at_least
        yield
        now = self._clock.monotonic()
        took, before, self._before = now - begun, self._before, now - begun
        self._due_at = now + max(self._at_least, min(took, before) / _MOST_SHARE)
