"""A broker of somebody else, with a record of its own: what is delivered and settled here is written down."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from millhand.core.capabilities import Capabilities
from millhand.core.errors import BrokerUnavailable
from millhand.core.fairness import Caps
from millhand.core.job import Delivery, NewJob, Sent
from millhand.core.ports import Broker, CancelResult, Controls, Foreign, QueueStats, Rescues
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import FINAL, Cause, State
from millhand.ledger.journal import Journal

_LOOKED_AT_ONCE = 200


class ForeignBroker(Broker, Controls, Rescues, Foreign, Protocol):
    """All that is asked of a broker that belongs to somebody else."""


class JournaledBroker:
    """Passes every call on. The broker decides; the journal follows, and may be behind for a moment after a crash."""

    def __init__(self, broker: ForeignBroker, journal: Journal) -> None:
        self._broker = broker
        self._journal = journal
        self._doubtful: dict[str, None] = {}
        """Jobs that the record knows, and that others may be working on."""
        self._look_at_all = True

    @property
    def capabilities(self) -> Capabilities:
        """What the broker can do."""
        return self._broker.capabilities

    async def open(self) -> None:
        """Connect. Calling it twice is harmless."""
        await self._broker.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._broker.close()

    async def send(self, jobs: Sequence[NewJob]) -> list[Sent]:
        """Store jobs there."""
        return await self._broker.send(jobs)

    async def receive(self, limit: int, wait: float) -> list[Delivery]:
        """Lease jobs, and note them; what can't be noted, or is no longer wanted, is handed back."""
        deliveries = await self._broker.receive(limit, wait)
        for each in deliveries:  # before it is noted: a look that began earlier must not be noted after that
            self._doubtful.pop(each.job_id, None)
        if deliveries:
            noting = asyncio.ensure_future(self._journal.delivered(deliveries))
            try:
                await asyncio.shield(noting)
            except (asyncio.CancelledError, BrokerUnavailable):
                await asyncio.gather(noting, return_exceptions=True)
                await self._hand_back(deliveries)
                raise
        return deliveries

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Renew leases."""
        answers = await self._broker.extend(deliveries, seconds)
        self._doubt(each.job_id for each, kept in zip(deliveries, answers, strict=True) if not kept)
        return answers

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Settle there, then note it; told again after an outage of either, both answer as before."""
        answers = await self._broker.settle(settlements)
        told = list(zip(settlements, answers, strict=True))
        accepted = [each for each, ok in told if ok]
        refused = [each for each, ok in told if not ok]
        # Whether a success was taken as such is only in doubt where it has follow-up jobs.
        open_questions = [each.delivery.job_id for each in accepted if each.follow_ups or not _is_success(each)]
        standings = await self._broker.look(open_questions) if open_questions else {}
        await self._journal.settled(accepted, standings)
        if refused:
            await self._journal.refused(refused)
        self._doubt(each.delivery.job_id for each in refused)
        self._doubt(each.delivery.job_id for each in accepted if each.state not in FINAL)
        return answers

    async def cancel(self, job_id: str) -> CancelResult:
        """Cancel there."""
        result = await self._broker.cancel(job_id)
        await self.refresh([job_id])
        return result

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these jobs somebody cancelled."""
        return await self._broker.cancel_requests(job_ids)

    async def look(self, job_ids: Sequence[str]) -> dict[str, Standing]:
        """How these jobs stand there."""
        return await self._broker.look(job_ids)

    async def stats(self) -> list[QueueStats]:
        """How each queue stands."""
        return await self._broker.stats()

    async def rescue(self) -> int:
        """Take jobs from workers that are gone; what they had noted is looked at soon."""
        taken = await self._broker.rescue()
        self._look_at_all |= taken > 0
        return taken

    async def retry(self, job_ids: Sequence[str]) -> list[str]:
        """Have jobs run again."""
        applied = await self._broker.retry(job_ids)
        await self.refresh(applied)
        return applied

    async def pause(self, queue: str) -> None:
        """Stop delivering from a queue."""
        await self._broker.pause(queue)

    async def resume(self, queue: str) -> None:
        """Deliver from a queue again."""
        await self._broker.resume(queue)

    async def set_caps(self, queue: str, caps: Caps) -> None:
        """Set the concurrency limits of a queue."""
        await self._broker.set_caps(queue, caps)

    async def purge(self, queue: str) -> int:
        """Cancel every waiting job of a queue."""
        return await self._broker.purge(queue)

    async def refresh(self, job_ids: Sequence[str]) -> dict[str, Standing]:
        """Look how these jobs stand there, and note what others brought about; returns it."""
        standings = await self._broker.look(job_ids) if job_ids else {}
        await self._journal.mirror(standings.values())
        return standings

    async def catch_up(self, given_up: Callable[[Standing], Awaitable[None]]) -> None:
        """Note what became of jobs that others have taken over, a few hundred at a time.

        `given_up` hears of those that were discarded before that is noted: after a death in between it hears it again.
        """
        if self._look_at_all:
            self._look_at_all = False
            self._doubt(await self._journal.jobs_of_others())
        looked_at = list(self._doubtful)[:_LOOKED_AT_ONCE]
        found = await self._broker.look(looked_at) if looked_at else {}
        await asyncio.gather(*(given_up(each) for each in found.values() if each.state is State.DISCARDED))
        standings = {job_id: each for job_id, each in found.items() if job_id in self._doubtful}
        await self._journal.mirror(standings.values())
        if missing := [job_id for job_id in looked_at if job_id not in found]:
            await self._journal.gone(missing)
        for job_id in looked_at:
            self._doubtful.pop(job_id, None)
        self._doubt(job_id for job_id, each in standings.items() if each.state not in FINAL)

    def _doubt(self, job_ids: Iterable[str]) -> None:
        self._doubtful.update(dict.fromkeys(job_ids))

    async def _hand_back(self, deliveries: Sequence[Delivery]) -> None:
        released = [Settlement(delivery=each, state=State.AVAILABLE, cause=Cause.RELEASED) for each in deliveries]
        with contextlib.suppress(BrokerUnavailable):  # then the leases run out
            await self._broker.settle(released)
        self._doubt(each.job_id for each in deliveries)


def _is_success(settlement: Settlement) -> bool:
    return settlement.state is State.COMPLETED
