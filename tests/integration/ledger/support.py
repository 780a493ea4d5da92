"""Moving time, and jobs led to where a test wants them, through the real broker."""

from dataclasses import dataclass

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import MICROSECONDS, SystemClock
from millhand.core.errors import MillhandError, Permanent, Transient
from millhand.core.failure import failure_of
from millhand.core.job import Delivery, NewJob
from millhand.core.outcome import Completed, Discarded, Outcome, Retry
from millhand.core.retry import RetryPolicy
from millhand.core.settlement import Run, settlement

START = 1_800_000_000 * MICROSECONDS


class MovableClock(SystemClock):
    """Stands still until it is moved; ids are real."""

    def __init__(self) -> None:
        self.instant = START

    def now(self) -> int:
        return self.instant

    def move(self, seconds: float) -> None:
        self.instant += round(seconds * MICROSECONDS)


@dataclass
class Factory:
    """Makes jobs. Every step takes a second of the movable clock."""

    broker: SqlBroker
    clock: MovableClock

    async def send(self, **fields: object) -> str:
        """A job in the broker; returns its id."""
        made = NewJob(id=self.clock.new_id(), kind="test.kind", args="{}")
        job = made._replace(**fields)
        await self.broker.send([job])
        self.clock.move(1)
        return job.id

    async def claim(self) -> Delivery:
        """The next ready job."""
        [delivery] = await self.broker.receive(1, 0.0)
        self.clock.move(1)
        return delivery

    async def settle(self, delivery: Delivery, outcome: Outcome | None = None, *, after: float = 10.0) -> bool:
        """End an attempt, which is tried again after `after` seconds if it failed."""
        self.clock.move(1)
        run = Run(started_at=self.clock.now() - MICROSECONDS, finished_at=self.clock.now(), executor="executor-1")
        told = settlement(delivery, outcome or Completed(), RetryPolicy.fixed(after), run, 0.5)
        [accepted] = await self.broker.settle([told])
        self.clock.move(1)
        return accepted

    async def completed(self, **fields: object) -> str:
        """A job that succeeded."""
        await self.send(**fields)
        delivery = await self.claim()
        await self.settle(delivery)
        return delivery.job_id

    async def discarded(self, message: str = "broken", **fields: object) -> str:
        """A job that failed for good."""
        await self.send(**fields)
        delivery = await self.claim()
        await self.settle(delivery, discard(message))
        return delivery.job_id

    async def retrying(self, message: str = "no answer", **fields: object) -> str:
        """A job that failed for now."""
        await self.send(**fields)
        delivery = await self.claim()
        await self.settle(delivery, retry(message))
        return delivery.job_id


def discard(message: str) -> Outcome:
    """What a handler's permanent error becomes."""
    return Discarded(failure_of(_raised(Permanent(message, code="bad_input", hint="Send another file."))))


def retry(message: str) -> Outcome:
    """What a handler's transient error becomes."""
    return Retry(failure_of(_raised(Transient(message, code="no_answer"))))


def _raised(error: MillhandError) -> MillhandError:
    """The error, with a traceback."""
    try:
        raise error
    except MillhandError as caught:
        return caught
