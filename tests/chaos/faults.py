"""Have the faults of a plan strike, each at its time and at something that is up, and remember what each one hit."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.pace import Pace
from tests.chaos.plan import Fault, Strike

_PATIENCE = 40.0
"""Seconds for which a fault waits for something to strike at: for longer than a process needs to come up again."""
_LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Hit:
    """What a fault struck, in words, and what is left to do until that is up again."""

    text: str
    rest: Callable[[], Awaitable[None]]


Striker = Callable[[Strike], Awaitable[Hit | None]]
"""Has a fault strike now, if there is something up that it can strike at; else changes nothing."""


@dataclass
class Struck:
    """What the faults did. `missed` are those that found nothing to strike at however long they waited."""

    counts: Counter[str] = field(default_factory=Counter[str])
    missed: list[Strike] = field(default_factory=list[Strike])
    log: list[str] = field(default_factory=list[str])


class Faults:
    """Strikes one after the other; the time of the plan stands still while one of them waits for its target."""

    def __init__(self, strikers: Mapping[Fault, Striker], pace: Pace) -> None:
        self.struck = Struck()
        self._strikers = strikers
        self._pace = pace
        self._under_way: list[asyncio.Task[None]] = []

    async def run(self, strikes: Sequence[Strike]) -> None:
        """Have all of them strike; returns when everything that was frozen or felled is up again."""
        apart = [strike for strike in strikes if strike.fault is Fault.KILL_PRODUCER]
        others = [strike for strike in strikes if strike.fault is not Fault.KILL_PRODUCER]
        # The producer ends when its part is done, so faults of its own must not wait behind others.
        try:
            await asyncio.gather(self._in_turn(apart), self._in_turn(others))
            await asyncio.gather(*self._under_way)
        finally:  # a run that is broken off leaves nothing at work
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _in_turn(self, strikes: Sequence[Strike]) -> None:
        for strike in strikes:
            await self._pace.until(strike.at)
            hit = await self._aimed(strike)
            self.struck.log.append(f"{strike.at:7.2f} s  {strike.fault}: {hit.text if hit else 'missed'}")
            if hit is None:
                self.struck.missed.append(strike)
                continue
            self.struck.counts[strike.fault] += 1
            self._under_way.append(asyncio.create_task(_finish(hit), name=strike.fault))

    async def _aimed(self, strike: Strike) -> Hit | None:
        deadline = time.monotonic() + _PATIENCE
        while (hit := await self._strikers[strike.fault](strike)) is None:
            if time.monotonic() > deadline:
                return None
            if strike.fault is not Fault.KILL_PRODUCER:
                self._pace.hold_at(strike.at)
            await asyncio.sleep(_LOOK_EVERY)
        return hit


async def _finish(hit: Hit) -> None:
    await hit.rest()
