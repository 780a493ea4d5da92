"""The health of a process that serves and does no jobs: whether it reaches its database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from millhand.core.clock import Clock
from millhand.core.errors import MillhandError
from millhand.core.finding import Finding, Level
from millhand.core.health import LoopTick

_EVERY = 5.0
_STUCK_AFTER = 60.0


class Pulse:
    """Asks the database something every few seconds, and tells how that went."""

    def __init__(self, ask: Callable[[], Awaitable[object]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._turned = clock.monotonic()
        self._trouble: MillhandError | None = None

    def loops(self) -> Sequence[LoopTick]:
        """Its one loop."""
        return [LoopTick("pulse", self._clock.monotonic() - self._turned, _STUCK_AFTER)]

    def ready(self) -> Sequence[Finding]:
        """Whether the database answered last time."""
        if self._trouble is None:
            return [Finding("database", Level.OK, "The database answers.")]
        return [Finding("database", Level.ERROR, self._trouble.message, self._trouble.hint)]

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await self._ask()
                self._trouble = None
            except MillhandError as error:
                self._trouble = error
            self._turned = self._clock.monotonic()
            await asyncio.sleep(_EVERY)
