"""Take one job: write the note that says so, on condition that it is still free, and see what there is to do."""

import secrets
from contextlib import suppress
from dataclasses import dataclass

from millhand.brokers.bucket.finish import Finisher
from millhand.brokers.bucket.inbox import Item
from millhand.brokers.bucket.layout import ended_key
from millhand.brokers.bucket.note import Done, Holder, Note, error_of
from millhand.brokers.bucket.notes import Kept, Notes
from millhand.brokers.bucket.store_time import StoreTime, lease_end
from millhand.brokers.bucket.work import Work, read_work
from millhand.core.clock import Clock, after
from millhand.core.errors import BlobFailed, BlobMissing, Permanent
from millhand.core.failure import failure_of
from millhand.core.job import Delivery
from millhand.core.settlement import Charge
from millhand.core.state import State
from millhand.stores import Bucket

_TOKEN_BYTES = 8


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof of one lease: the token of the lease, and the key of the job's object."""

    token: str
    key: str

    @classmethod
    def of(cls, delivery: Delivery) -> "Receipt":
        """Read a delivery's receipt."""
        token, _, key = str(delivery.receipt).partition(" ")
        return cls(token, key)

    def __str__(self) -> str:
        return f"{self.token} {self.key}"


def new_token() -> str:
    """The token of a new lease: random, so that no note is ever written twice the same."""
    return secrets.token_hex(_TOKEN_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """In whose name jobs are taken, and for how many seconds."""

    worker: str
    lease: float


class Claims:
    """Takes jobs for one worker."""

    def __init__(
        self, bucket: Bucket, notes: Notes, finisher: Finisher, time: StoreTime, clock: Clock, owner: Owner
    ) -> None:
        self._bucket = bucket
        self._notes = notes
        self._finisher = finisher
        self._time = time
        self._clock = clock
        self._owner = owner

    async def claim(self, item: Item, kept: Kept | None) -> Delivery | None:
        """Take this job; None if somebody else was first, or if it is gone or no job at all."""
        note = kept.note if kept else Note(key=item.key)
        now = self._time.now()
        holder = Holder(token=new_token(), worker=self._owner.worker, until=lease_end(self._time, self._owner.lease))
        mine = await self._notes.put(note.taken(holder, item.job_id, item.facts.etag, now), kept)
        if mine is None:
            return None
        try:
            if await self._has_ended(item):
                await self._bucket.delete(item.key)
            work = await read_work(self._bucket, item)
        except BlobMissing:
            await self._notes.delete(item.key)
        except Permanent as error:
            await self._give_up(mine, holder, error)
        except BlobFailed:
            with suppress(BlobFailed):  # else its lease runs out
                await self._let_go(mine)
            raise
        else:
            return self._delivery(item, work, mine.note, holder, now)
        return None

    async def _has_ended(self, item: Item) -> bool:
        """Whether it is a job of our own that was stored again after its end."""
        marked = None if item.route else await self._bucket.find(ended_key(item.key))
        return marked is not None

    async def _let_go(self, kept: Kept) -> None:
        await self._notes.put(kept.note.released(None, Charge.NOTHING, kept.note.not_before, None), kept)

    async def _give_up(self, mine: Kept, holder: Holder, error: Permanent) -> None:
        """What is no job is moved away, so that nobody stumbles over it again."""
        now = self._time.now()
        reason = error_of(failure_of(error), at=now, attempt=1, worker=holder.worker)
        ended = mine.note.ended(holder, Done(state=State.DISCARDED, at=now), Charge.ATTEMPT, reason)
        if (kept := await self._notes.put(ended, mine)) is not None:
            await self._finisher.finish(kept)

    def _delivery(self, item: Item, work: Work, note: Note, holder: Holder, since: int) -> Delivery:
        now = self._clock.now()
        ahead = now - self._time.now()  # instants in a delivery are this machine's
        return Delivery(
            receipt=str(Receipt(holder.token, item.key)),
            fence=note.fence,
            job_id=item.job_id,
            kind=work.kind,
            args=work.args,
            queue=item.queue,
            tenant=work.tenant,
            headers=work.headers,
            priority=work.priority,
            failures=note.failures,
            crashes=note.crashes,
            max_attempts=work.max_attempts,
            max_crashes=work.max_crashes,
            enqueued_at=min(now, item.facts.modified + ahead),
            available_at=min(now, max(item.facts.modified, item.due_at, note.not_before) + ahead),
            claimed_at=now,
            lease_until=after(since, self._owner.lease) + ahead,
            parent_id=work.parent_id,
            version=work.version,
        )
