"""Wakes whoever waits for jobs in this process."""

import asyncio
import contextlib


class Bell:
    """Rings for all who wait; who takes a ticket before looking for jobs hears what rang while it looked."""

    def __init__(self) -> None:
        self._rings = 0
        self._rung = asyncio.Event()

    @property
    def ticket(self) -> int:
        """How often it has rung."""
        return self._rings

    def ring(self) -> None:
        """Wake all."""
        self._rings += 1
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float, *, since: int) -> None:
        """Wait until it rings, or for so long; not at all if it has rung since that ticket."""
        if self._rings != since:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
