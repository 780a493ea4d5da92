"""When to look again: soon after work, at the pace of the place now and then, seldom after a long time without any.

Who has put work there itself rings, and is looked for at once. Who only hears that there may be some gives a hint, and
however many hints there are, there are not many looks.
"""

import asyncio
from contextlib import suppress

from millhand.core.clock import Clock

_SHORTEST = 0.5
_AFTER_A_HINT = 0.2
_GROWTH = 1.3
_LONG_WITHOUT = 300.0


class Pace:
    """The pauses between looks."""

    def __init__(self, clock: Clock, poll: float, idle_poll: float) -> None:
        self._clock = clock
        self._poll = poll
        self._idle_poll = max(poll, idle_poll)
        self._pause = min(_SHORTEST, poll)
        self._next_at = clock.monotonic()
        self._worked_at = clock.monotonic()
        self._looked_at = self._next_at
        self._rung = self._hinted = False
        self._stirred = asyncio.Event()

    @property
    def left(self) -> float:
        """Seconds until the next look; none if somebody has rung."""
        next_at = min(self._next_at, self._looked_at + _AFTER_A_HINT) if self._hinted else self._next_at
        return 0.0 if self._rung else max(0.0, next_at - self._clock.monotonic())

    def ring(self) -> None:
        """Look at once."""
        self._rung = True
        self._stirred.set()

    def hint(self) -> None:
        """Look soon, but not at once if the last look was a moment ago."""
        self._hinted = True
        self._stirred.set()

    def looking(self) -> None:
        """A look begins: who rings from now on means the next one."""
        self._rung = self._hinted = False
        self._looked_at = self._clock.monotonic()

    def found(self) -> None:
        """There was work."""
        self._worked_at = self._next_at = self._clock.monotonic()
        self._pause = min(_SHORTEST, self._poll)

    def found_nothing(self, due_in: float | None) -> None:
        """There was none; `due_in` says when the next job is due, if that is known."""
        now = self._clock.monotonic()
        pause = self._pause if due_in is None else min(self._pause, due_in)
        self._next_at = now + pause
        longest = self._idle_poll if now - self._worked_at > _LONG_WITHOUT else self._poll
        self._pause = min(longest, self._pause * _GROWTH)

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until it rings."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), seconds)
        self._stirred.clear()
