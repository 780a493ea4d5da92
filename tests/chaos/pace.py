"""The time of a plan: it stands still while a fault waits for something to strike at, so jobs and faults keep step.

The driver holds it, the producer follows: the driver leaves in a file how late the plan is.
"""

import asyncio
import contextlib
import os
from pathlib import Path

from millhand.core.clock import MICROSECONDS, Clock

_LOOK_EVERY = 0.05


class Pace:
    """Seconds of the plan, which began at the instant `start`."""

    def __init__(self, folder: Path, start: int, clock: Clock) -> None:
        self.start = start
        self._path = folder / "late"
        self._clock = clock

    def elapsed(self) -> float:
        """How many seconds of the plan are over."""
        return self._since_start() - self._late()

    def hold_at(self, seconds: float) -> None:
        """Set the plan back to this moment, if it is over; time goes on from there."""
        late = max(self._late(), self._since_start() - seconds)
        made = self._path.with_suffix(".new")
        made.write_text(repr(late))
        os.replace(made, self._path)  # noqa: PTH105 - atomic, as the producer may look at any time

    async def until(self, seconds: float) -> None:
        """Wait for a moment of the plan."""
        while (remaining := seconds - self.elapsed()) > 0:  # noqa: ASYNC110 - another process may set it back
            await asyncio.sleep(min(remaining, _LOOK_EVERY))

    def _since_start(self) -> float:
        return (self._clock.now() - self.start) / MICROSECONDS

    def _late(self) -> float:
        with contextlib.suppress(FileNotFoundError):
            return float(self._path.read_text())
        return 0.0
