"""Commands on jobs: cancel, retry by hand, purge."""

from collections.abc import Sequence

from millhand.brokers.bucket.claim import Owner, new_token
from millhand.brokers.bucket.finish import Finisher
from millhand.brokers.bucket.inbox import Inbox, Item
from millhand.brokers.bucket.layout import ended_key, failed_key, job_key, parse_job_key, reason_key
from millhand.brokers.bucket.note import Done, Holder, Note, error_of
from millhand.brokers.bucket.notes import Kept, Notes
from millhand.brokers.bucket.store_time import StoreTime, lease_end
from millhand.brokers.bucket.together import together
from millhand.core.failure import failure
from millhand.core.ports import CancelResult
from millhand.core.settlement import Charge
from millhand.core.state import State
from millhand.stores import Bucket

_TRIES = 5
_CANCELLED = failure("cancelled", "cancelled before it ran")


class Commands:
    """Gives commands in the name of one worker or client."""

    def __init__(
        self, bucket: Bucket, inbox: Inbox, notes: Notes, finisher: Finisher, time: StoreTime, owner: Owner
    ) -> None:
        self._bucket = bucket
        self._inbox = inbox
        self._notes = notes
        self._finisher = finisher
        self._time = time
        self._owner = owner

    async def cancel(self, job_id: str) -> CancelResult:
        """Move a waiting job to the failed ones, or ask for the end of a running one."""
        item = await self._inbox.find(job_id)
        if item is None:
            failed = await self._inbox.find_failed(job_id)
            return CancelResult.UNKNOWN if failed is None else CancelResult.TOO_LATE
        return await self._cancel(item)

    async def purge(self, queue: str) -> int:
        """Cancel every waiting job of a queue; returns how many."""
        items = [item async for page in self._inbox.pages(self._inbox.folders_of(queue)) for item in page]
        results = await together([self._cancel(item, running=False) for item in items])
        return sum(result is CancelResult.CANCELLED for result in results)

    async def retry(self, job_ids: Sequence[str]) -> list[str]:
        """Make failed and waiting jobs ready to run now; returns the ids that it applied to."""
        return [job_id for job_id in dict.fromkeys(job_ids) if await self._retry(job_id)]

    async def _cancel(self, item: Item, *, running: bool = True) -> CancelResult:
        for _ in range(_TRIES):
            kept = await self._notes.read(item.key)
            if kept is not None and kept.note.done is not None:
                return CancelResult.TOO_LATE
            if kept is not None and kept.note.holder is not None:
                if not running or await self._notes.put(kept.note.asked_to_cancel(), kept):
                    return CancelResult.REQUESTED
            elif (ended := await self._end(item, kept)) is not None:
                await self._finisher.finish(ended)
                return CancelResult.CANCELLED
        return CancelResult.REQUESTED

    async def _end(self, item: Item, kept: Kept | None) -> Kept | None:
        now = self._time.now()
        holder = Holder(token=new_token(), worker=self._owner.worker, until=lease_end(self._time, self._owner.lease))
        note = (kept.note if kept else Note(key=item.key)).taken(holder, item.job_id, item.facts.etag, now)
        error = error_of(_CANCELLED, at=now, attempt=note.failures + note.crashes + 1, worker=self._owner.worker)
        done = Done(state=State.CANCELLED, at=now)
        return await self._notes.put(note.ended(holder, done, Charge.NOTHING, error), kept)

    async def _retry(self, job_id: str) -> bool:
        item = await self._inbox.find(job_id)
        if item is not None:
            return await self._make_due(item)
        key = await self._inbox.find_failed(job_id)
        if key is None:
            return False
        await self._bucket.delete(ended_key(key))
        await self._bucket.copy(failed_key(key), key)
        await self._bucket.delete(reason_key(key))
        await self._bucket.delete(failed_key(key))
        return True

    async def _make_due(self, item: Item) -> bool:
        """Let a job that waits for its time run now, with nothing charged."""
        kept, now = await self._notes.read(item.key), self._time.now()
        if kept is not None and (kept.note.holder is not None or kept.note.done is not None):
            return False
        own = parse_job_key(item.key)
        if own is not None and own[2] > now:
            await self._bucket.copy(item.key, job_key(own[0], own[1]))
            await self._bucket.delete(item.key)
            await self._notes.delete(item.key)
            return True
        if kept is None or kept.note.not_before <= now:
            return False
        fresh = Note(key=item.key, writes=kept.note.writes + 1, fence=kept.note.fence)
        return await self._notes.put(fresh, kept) is not None
