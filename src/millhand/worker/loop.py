"""One life for every background part: a loop that stops when told, and shows that it moves."""

import asyncio
import contextlib
import math
from abc import ABC, abstractmethod

import structlog

from millhand.core.clock import Clock
from millhand.core.errors import BrokerUnavailable
from millhand.worker.settings import OUTAGE_PAUSES

_SILENT_FOR = 30.0
_PAUSES_SILENT = 1.5
"""So many of the longest pauses of an outage must not make a worker look stuck."""


class Loop(ABC):
    """Does `turn` again and again, `every` seconds apart, until stopped.

    An outage of the broker is logged once, waited out with growing pauses, and logged once more when it is over. Any
    other exception ends the loop and, with it, the dispatcher: it is a bug, not weather.
    """

    name: str

    def __init__(self, clock: Clock, every: float) -> None:
        self.clock = clock
        self.every = every
        self.outage_pauses = OUTAGE_PAUSES
        self.longest_pause = math.inf
        self.ticked = clock.monotonic()
        self.log = structlog.get_logger("millhand.worker").bind(loop=self.name)
        self._stopping = False
        self._roused = asyncio.Event()
        self._outages = 0

    @abstractmethod
    async def turn(self) -> None:
        """Do the work once."""

    @property
    def limit(self) -> float:
        """Seconds without a tick after which the loop counts as stuck."""
        return max(_SILENT_FOR, self.every * 5, self._outage_pause(-1) * _PAUSES_SILENT)

    @property
    def age(self) -> float:
        """Seconds since the last tick."""
        return self.clock.monotonic() - self.ticked

    @property
    def stopping(self) -> bool:
        """Whether the loop was told to stop."""
        return self._stopping

    def stop(self) -> None:
        """Let the present turn end, then end. Calling it twice, or before `run`, is harmless."""
        self._stopping = True
        self._roused.set()

    def rouse(self) -> None:
        """Cut the present pause short."""
        self._roused.set()

    async def run(self) -> None:
        """Turn until stopped."""
        while not self.stopping:
            pause = await self._turn()
            self.ticked = self.clock.monotonic()
            await self.pause(pause)

    async def pause(self, seconds: float) -> None:
        """Wait that long, or until roused."""
        if seconds <= 0:
            await asyncio.sleep(0)
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._roused.wait(), seconds)
        self._roused.clear()

    async def _turn(self) -> float:
        try:
            await self.turn()
        except BrokerUnavailable as error:
            return self._outage(error)
        if self._outages:
            self.log.info("the broker is back", failed_turns=self._outages)
            self._outages = 0
        return self.every

    def _outage(self, error: BrokerUnavailable) -> float:
        if self._outages == 0:
            self.log.warning("the broker can't be reached; trying again", reason=error.message)
        pause = self._outage_pause(min(self._outages, len(self.outage_pauses) - 1))
        self._outages += 1
        return pause

    def _outage_pause(self, number: int) -> float:
        return min(self.outage_pauses[number], self.longest_pause)
