"""The broker on a folder of a bucket, behind the port."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from millhand.brokers.bucket.claim import Owner
from millhand.brokers.bucket.ear import Ear
from millhand.brokers.bucket.envelope import MAX_PAYLOAD
from millhand.brokers.bucket.notes import NoteStore
from millhand.brokers.bucket.pace import Pace
from millhand.brokers.bucket.parts import Parts
from millhand.brokers.bucket.place import Place
from millhand.brokers.bucket.send import check_sizes, send
from millhand.brokers.bucket.shared import Shared
from millhand.brokers.bucket.store_time import StoreTime
from millhand.brokers.bucket.together import outages, together
from millhand.core.capabilities import Capabilities
from millhand.core.clock import Clock
from millhand.core.errors import BlobStoreDown, BrokerUnavailable, NotSupported
from millhand.core.fairness import Caps
from millhand.core.job import Delivery, NewJob, Sent
from millhand.core.ports import CancelResult, QueueStats
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import FINAL
from millhand.core.unbroken import Unbroken
from millhand.stores import Bucket

T = TypeVar("T")

CAPABILITIES = Capabilities(
    delay=True,
    fence=True,
    inspect=True,
    cancel=True,
    max_payload=MAX_PAYLOAD,
    dead_letter="the folder failed/, each with a JSON reason beside it",
)
_IDLE_RESCUE_EVERY = 60.0

ChooseNotes = Callable[[Bucket], Awaitable[NoteStore]]
"""Decides where notes are kept, once the store can be asked what it is good for."""


class BucketBroker:
    """A broker on files that others put into a bucket, and on jobs of our own beside them.

    `queues` are those to receive from, none meaning all; `worker` is the name under which jobs are leased, new at each
    start; `lease` is in seconds.
    """

    def __init__(
        self,
        bucket: Bucket,
        place: Place,
        *,
        choose_notes: ChooseNotes,
        time: StoreTime,
        clock: Clock,
        queues: Sequence[str],
        owner: Owner,
    ) -> None:
        self._bucket = bucket
        self._place = place
        self._choose_notes = choose_notes
        self._time = time
        self._clock = clock
        self._queues = tuple(queues)
        self._owner = owner
        self._pace = Pace(clock, place.poll, place.idle_poll)
        self._ear = Ear(place.notify, self._pace.hint) if place.notify else None
        self._parts: Parts | None = None
        self._connected = Shared(self._connect)
        self._awaited = False
        self._rescued_at = clock.monotonic() - _IDLE_RESCUE_EVERY
        self._unbroken = Unbroken()

    @property
    def capabilities(self) -> Capabilities:
        """What this broker can do."""
        return CAPABILITIES

    async def open(self) -> None:
        """Reach the bucket, read its clock, and try what its conditions are worth. Calling it twice is harmless.

        Where the place is a patient one, a store that does not answer is no hindrance: every call then tries to reach
        it, and raises `BrokerUnavailable` until it does.
        """
        if self._parts is not None:
            return
        try:
            await self._connected()
        except BrokerUnavailable as error:
            if not self._place.patient or not isinstance(error.__cause__, BlobStoreDown):
                raise
            self._awaited = True

    async def close(self) -> None:
        """Let a `receive` under way return. Calling it twice, or before `open`, is harmless."""
        self._parts, self._awaited = None, False
        self._pace.ring()
        if self._ear is not None:
            await self._ear.close()
        await self._connected.stop()
        await self._unbroken.end()

    async def send(self, jobs: Sequence[NewJob]) -> list[Sent]:
        """Store jobs, all or none; raises `PayloadTooLarge`, or `NotSupported` where the place has files alone."""
        parts = await self._opened()
        check_sizes(jobs)
        if jobs and not self._place.jobs:
            raise NotSupported(f"{self._place.shown} takes files alone", hint="Leave jobs=off out of the broker's URL.")
        with outages():
            sent = await send(self._bucket, jobs, parts.settling.key_of)
        self._changed(parts)
        return sent

    async def receive(self, limit: int, wait: float) -> list[Delivery]:
        """Lease up to `limit` jobs that are free; if there is none, wait up to `wait` seconds for one."""
        parts = await self._opened()
        if self._ear is not None:  # a client that only sends has no need to hear
            await self._ear.open()
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + wait
        while self._parts is parts and limit > 0:
            remaining = give_up_at - clock()
            if remaining > 0 and (pause := self._pace.left) > 0:
                await self._pace.wait(min(pause, remaining))
                continue
            if wait > 0 and remaining <= 0:
                break
            self._pace.looking()
            if deliveries := await self._fetched(parts, limit):
                self._pace.found()
                return deliveries
            self._pace.found_nothing(parts.fetch.due_in)
            if remaining <= 0:
                break
        return []

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Move the leases' ends to `seconds` from now; False where the lease is lost."""
        parts = await self._opened()
        with outages():
            return await together([parts.holding.extend(each, seconds) for each in deliveries])

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Record how deliveries ended, with their follow-up jobs; False where the lease was lost."""
        parts = await self._opened()
        for each in settlements:
            check_sizes(each.follow_ups)
        of_one: dict[int | str, list[int]] = {}
        for place, each in enumerate(settlements):
            of_one.setdefault(each.delivery.receipt, []).append(place)
        answers: dict[int, bool] = {}

        async def settle_one(places: Sequence[int]) -> None:
            for place in places:
                answers[place] = await parts.settling.settle(settlements[place])
                parts.holding.drop(settlements[place].delivery)

        with outages():
            await together([settle_one(places) for places in of_one.values()])
        if all(each.state in FINAL and not each.follow_ups for each in settlements):
            parts.counting.forget()  # what the last look found is still what there is to do
        else:
            self._changed(parts)
        return [answers[place] for place in range(len(settlements))]

    async def cancel(self, job_id: str) -> CancelResult:
        """Cancel a waiting job at once, or ask for the cancelling of a running one."""
        parts = await self._opened()
        with outages():
            return await parts.commands.cancel(job_id)

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these jobs, held here, somebody asked to cancel."""
        parts = await self._opened()
        with outages():
            return await parts.holding.cancel_requests(job_ids)

    async def look(self, job_ids: Sequence[str]) -> dict[str, Standing]:
        """How these jobs stand; of those that are completed only files with an output can be told."""
        parts = await self._opened()
        with outages():
            return await parts.looking.look(job_ids)

    async def stats(self) -> list[QueueStats]:
        """How each queue stands; counts end at 10,000, and may be half a minute old."""
        parts = await self._opened()
        with outages():
            return await parts.counting.stats()

    async def rescue(self) -> int:
        """Take back what dead workers held; while there is nothing to do, look for it once a minute only."""
        parts = await self._opened()
        now = self._clock.monotonic()
        busy = parts.fetch.saw_anything or parts.rescuer.saw_notes
        if not busy and now - self._rescued_at < _IDLE_RESCUE_EVERY:
            return 0
        with outages():
            taken = await parts.rescuer.rescue()
        self._rescued_at = now
        if taken:
            self._changed(parts)
        return taken

    async def retry(self, job_ids: Sequence[str]) -> list[str]:
        """Make failed or waiting jobs ready to run now, with nothing charged; returns the ids that it applied to."""
        parts = await self._opened()
        with outages():
            applied = await parts.commands.retry(job_ids)
        self._changed(parts)
        return applied

    async def purge(self, queue: str) -> int:
        """Cancel every waiting job of a queue; returns how many."""
        parts = await self._opened()
        with outages():
            return await parts.commands.purge(queue)

    async def pause(self, queue: str) -> None:
        """Not supported: other workers would not know."""
        raise _lacking("pause queues", queue)

    async def resume(self, queue: str) -> None:
        """Not supported, as `pause`."""
        raise _lacking("resume queues", queue)

    async def set_caps(self, queue: str, caps: Caps) -> None:
        """Not supported: nothing in a bucket counts what runs."""
        del caps
        raise _lacking("limit queues", queue)

    async def _fetched(self, parts: Parts, limit: int) -> list[Delivery]:
        deliveries = await self._unbroken.run(self._fetch(parts, limit), partial(self._hand_back, parts))
        parts.holding.take(deliveries)
        return deliveries

    async def _fetch(self, parts: Parts, limit: int) -> list[Delivery]:
        with outages():
            return await parts.fetch.fetch(limit)

    async def _hand_back(self, parts: Parts, deliveries: list[Delivery]) -> None:
        await together([parts.settling.hand_back(each) for each in deliveries])
        self._changed(parts)

    def _changed(self, parts: Parts) -> None:
        """Something in the bucket has changed through us: look at once."""
        parts.fetch.forget()
        parts.counting.forget()
        self._pace.ring()

    async def _opened(self) -> Parts:
        if self._parts is not None:
            return self._parts
        if not self._awaited:
            raise BrokerUnavailable("the broker is not open", hint="Call `open` first.")
        return await self._connected()

    async def _connect(self) -> Parts:
        with outages():
            await self._time.sync()
            notes = await self._choose_notes(self._bucket)
        self._parts = Parts.make(self._bucket, self._place, notes, self._time, self._clock, self._owner, self._queues)
        return self._parts


def _lacking(what: str, queue: str) -> NotSupported:
    return NotSupported(f"a bucket can't {what}: '{queue}' stays as it is", hint="Stop the workers of that queue.")
