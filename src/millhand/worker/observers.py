"""Those who look on while jobs run: told what happens, and trusted with nothing. What they raise is logged."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from millhand.core.job import Delivery
from millhand.core.ports import Observer
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import State

_PATIENCE = 60.0
"""Seconds after which a job is settled, whatever an observer still does about it."""
_PATIENCE_AFTERWARDS = 30.0
"""The same for what has happened already; a chore must not stand still for longer."""

_FAILED = frozenset({State.DISCARDED, State.CANCELLED})


class Observers:
    """All observers of one dispatcher, as one."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._observers = tuple(observers)
        self._log = structlog.get_logger("millhand.worker")

    def began(self, delivery: Delivery, at: int) -> None:
        """A handler was called."""
        if self._observers:
            self._each(lambda observer: observer.began(delivery, at))

    def settled(self, settlements: Iterable[Settlement]) -> None:
        """The broker accepted settlements."""
        if self._observers:
            for settlement in settlements:
                self._each(lambda observer, told=settlement: observer.settled(told))

    def wait_for(self, settlement: Settlement) -> bool:
        """Whether somebody is to be told before the broker is."""
        return bool(self._observers) and settlement.state in _FAILED

    async def failing(self, settlement: Settlement) -> None:
        """A job is about to end without success; comes back in bounded time, whatever the observers do."""
        told = [each.failing(settlement) for each in self._observers]
        await self._all(settlement.delivery.job_id, told, _PATIENCE)

    async def given_up(self, standing: Standing) -> None:
        """Others discarded a job that had run here; comes back in bounded time, too."""
        told = [each.given_up(standing) for each in self._observers]
        await self._all(standing.id, told, _PATIENCE_AFTERWARDS)

    async def _all(self, job_id: str, told: Sequence[Awaitable[None]], patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                answers = await asyncio.gather(*told, return_exceptions=True)
        except TimeoutError:
            self._log.warning("an observer takes too long; the job goes on without it", job_id=job_id)
            return
        for error in answers:
            if isinstance(error, Exception):
                self._log.warning("an observer failed", exc_info=error, job_id=job_id)

    def _each(self, tell: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                tell(observer)
            except Exception:  # noqa: BLE001 - whatever an observer is made of, the jobs go on
                self._log.warning("an observer failed", exc_info=True)
