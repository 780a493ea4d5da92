"""Clocks that tests can move."""

from millhand.core.clock import MICROSECONDS, SystemClock, after, uuid7_text

_A_MORNING = 1_750_000_000 * MICROSECONDS


class FakeClock:
    """A clock that stands still until it is told to go on. Its ids are the same in every run."""

    def __init__(self, start: int = _A_MORNING) -> None:
        self._start = start
        self._now = start
        self._ids = 0

    def now(self) -> int:
        """The instant now."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return (self._now - self._start) / MICROSECONDS

    def new_id(self) -> str:
        """The next id."""
        self._ids += 1
        return uuid7_text(self._now // 1_000, self._ids.to_bytes(10, "big"))

    def new_ids(self, count: int) -> list[str]:
        """So many new ids."""
        return [self.new_id() for _ in range(count)]

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now = after(self._now, seconds)


class MovableClock(SystemClock):
    """The machine's clock, moved ahead by as much as the test likes; it still runs."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> int:
        """The machine's instant, moved."""
        return after(super().now(), self._ahead)

    def monotonic(self) -> float:
        """The machine's seconds, moved."""
        return super().monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._ahead += seconds
