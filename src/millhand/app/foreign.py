"""A ledger for jobs that wait in somebody else's queue: what they report goes to the log, and cancels come from there.

Their history is with the application whose jobs they are; our tables hold none of it.
"""

from collections.abc import Sequence
from typing import Protocol

import structlog

from millhand.core.events import Event, LogLine, Notice


class Cancels(Protocol):
    """A broker that knows which running jobs were cancelled."""

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these jobs somebody cancelled."""
        ...


class LogLedger:
    """Writes what handlers log into the log of the worker; progress is not kept."""

    def __init__(self, broker: Cancels) -> None:
        self._broker = broker
        self._log = structlog.get_logger("millhand.job")

    async def record(self, reported: Sequence[Event], /) -> None:
        """Log it."""
        for event in reported:
            match event:
                case LogLine():
                    tell = getattr(self._log, event.level.value)
                    tell(event.text, job_id=event.job_id, attempt=event.attempt, **event.fields)
                case Notice():
                    self._log.warning(event.text or event.name, job_id=event.job_id, attempt=event.attempt)
                case _:
                    pass

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these running jobs somebody asked to cancel."""
        return await self._broker.cancel_requests(job_ids)
