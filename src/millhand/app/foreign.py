"""A ledger for jobs that wait in somebody else's queue: cancels come from there, and what jobs report is logged too.

Who runs such a worker in place of one of their own looks for it in the log.
"""

from collections.abc import Sequence
from typing import Protocol

import structlog

from millhand.core.events import Event, LogLine, Notice
from millhand.ledger.recorder import Recorder


class Cancels(Protocol):
    """A broker that knows which running jobs were cancelled."""

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these jobs somebody cancelled."""
        ...


class ForeignLedger:
    """Records what jobs report, and writes what handlers log into the log of the worker as well."""

    def __init__(self, broker: Cancels, recorder: Recorder) -> None:
        self._broker = broker
        self._recorder = recorder
        self._log = structlog.get_logger("millhand.job")

    async def record(self, reported: Sequence[Event], /) -> None:
        """Store it, and log it."""
        await self._recorder.record(reported)
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
