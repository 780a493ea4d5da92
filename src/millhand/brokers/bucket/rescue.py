"""Take back what dead workers held, finish what they left half done, and forget notes on what is gone."""

from collections.abc import Sequence
from contextlib import suppress

from millhand.brokers.bucket.claim import Owner, new_token
from millhand.brokers.bucket.finish import Finisher
from millhand.brokers.bucket.inbox import Inbox
from millhand.brokers.bucket.layout import ENDED
from millhand.brokers.bucket.note import Done, Holder, Note, error_of
from millhand.brokers.bucket.notes import Kept, Notes
from millhand.brokers.bucket.store_time import StoreTime, is_over, lease_end
from millhand.brokers.bucket.together import together
from millhand.brokers.bucket.work import read_work
from millhand.core.clock import Clock, after
from millhand.core.errors import BlobMissing, Permanent
from millhand.core.failure import failure
from millhand.core.settlement import Charge
from millhand.core.state import State
from millhand.stores import Bucket

_SWEEP_EVERY = 300.0
_SWEPT_AT_ONCE = 100
_PAGES_SWEPT = 10
_MARKED_FOR = 600.0
_LEASE_EXPIRED = failure(
    "lease_expired", "the worker stopped renewing its lease: it died, was cut off, or stood still for too long"
)


class Rescuer:
    """Any worker may do this, and all do; the condition of each write decides who was first."""

    def __init__(
        self,
        bucket: Bucket,
        inbox: Inbox,
        notes: Notes,
        finisher: Finisher,
        time: StoreTime,
        clock: Clock,
        owner: Owner,
    ) -> None:
        self._bucket = bucket
        self._inbox = inbox
        self._notes = notes
        self._finisher = finisher
        self._time = time
        self._clock = clock
        self._owner = owner
        self._swept_at = clock.monotonic()
        self.saw_notes = False
        """Whether the last look saw any note: somebody may have left something half done, though no job is there."""

    async def rescue(self) -> int:
        """Offer expired jobs again, each charged a crash; those at their cap are discarded. Returns how many."""
        await self._time.sync()
        versions = await self._notes.versions()
        self.saw_notes = bool(versions)
        kept = await self._notes.get(versions, versions, self._time.now())
        expired = [
            each
            for each in kept.values()
            if each.note.holder is not None and is_over(self._time, each.note.holder.until)
        ]
        taken = await together([self._rescue_one(each) for each in expired])
        await self._sweep([each for each in kept.values() if each.note.holder is None])
        return sum(taken)

    async def _rescue_one(self, kept: Kept) -> bool:
        note, now = kept.note, self._time.now()
        holder = Holder(token=new_token(), worker=self._owner.worker, until=lease_end(self._time, self._owner.lease))
        if note.done is not None:
            await self._finish(await self._notes.put(note.passed_to(holder), kept))
            return False
        if await self._bucket.find(note.key) is None:
            await self._forget(kept, holder)
            return False
        was = note.holder.worker if note.holder else ""
        attempt = note.failures + note.crashes + 1
        error = error_of(_LEASE_EXPIRED, at=now, attempt=attempt, worker=was)
        state = await self._state_after_crash(note)
        if state is State.AVAILABLE:
            return await self._notes.put(note.released(None, Charge.CRASH, now, error), kept) is not None
        ended = await self._notes.put(note.ended(holder, Done(state=state, at=now), Charge.CRASH, error), kept)
        await self._finish(ended)
        return ended is not None

    async def _forget(self, kept: Kept, holder: Holder) -> None:
        """A note on a job that is gone: ended by another worker, or removed. Taken first, as it may come again."""
        if await self._notes.put(kept.note.passed_to(holder), kept) is not None:
            await self._notes.delete(kept.note.key)

    async def _finish(self, kept: Kept | None) -> None:
        if kept is not None:
            await self._finisher.finish(kept)

    async def _state_after_crash(self, note: Note) -> State:
        if note.cancel:
            return State.CANCELLED
        return State.DISCARDED if note.crashes + 1 >= await self._most_crashes(note) else State.AVAILABLE

    async def _most_crashes(self, note: Note) -> int:
        """The cap that the job itself has; of one that is gone or no job it does not matter."""
        with suppress(BlobMissing, Permanent):
            item = self._inbox.item(await self._bucket.stat(note.key))
            if item is not None:
                return (await read_work(self._bucket, item)).max_crashes
        return note.crashes + 2

    async def _sweep(self, free: Sequence[Kept]) -> None:
        """Forget notes on jobs that somebody removed while they waited, and old marks of jobs that have ended."""
        if self._clock.monotonic() - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at = self._clock.monotonic()
        for kept in free[:_SWEPT_AT_ONCE]:
            if await self._bucket.find(kept.note.key) is None:
                await self._notes.delete(kept.note.key)
        long_ago, pages = after(self._time.now(), -_MARKED_FOR), 0
        async for page in self._bucket.pages(ENDED):
            await together([self._bucket.delete(facts.key) for facts in page if facts.modified < long_ago])
            pages += 1
            if pages == _PAGES_SWEPT:  # the rest moves up until the next time
                break
