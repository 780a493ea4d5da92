"""Say how a job ended, or that it is to run again: first in its note, on condition of the lease, then in the bucket."""

from collections import OrderedDict
from collections.abc import Sequence

import structlog

from millhand.brokers.bucket.claim import Owner, Receipt
from millhand.brokers.bucket.envelope import wrap
from millhand.brokers.bucket.finish import Finisher
from millhand.brokers.bucket.layout import job_key
from millhand.brokers.bucket.note import Done, FollowUp, Holder, Last, Note, error_of
from millhand.brokers.bucket.notes import Kept, Notes
from millhand.brokers.bucket.store_time import StoreTime, lease_end
from millhand.brokers.bucket.verify import Verifier
from millhand.core.clock import Clock, after
from millhand.core.job import Delivery, NewJob
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import FINAL, State

_REMEMBERED = 10_000
_TRIES = 5


class Settling:
    """Settles what one worker holds, or held."""

    def __init__(
        self, notes: Notes, finisher: Finisher, verifier: Verifier, time: StoreTime, clock: Clock, owner: Owner
    ) -> None:
        self._notes = notes
        self._finisher = finisher
        self._verifier = verifier
        self._time = time
        self._clock = clock
        self._owner = owner
        self._accepted: OrderedDict[str, State] = OrderedDict()
        self._log = structlog.get_logger("millhand.brokers.bucket")

    async def settle(self, settlement: Settlement) -> bool:
        """Whether it was accepted; False, and nothing changed, where the lease is lost."""
        receipt = Receipt.of(settlement.delivery)
        kept = self._notes.known(receipt.key) or await self._notes.read(receipt.key)
        for _ in range(_TRIES):
            if kept is None or not kept.note.held_by(receipt.token):
                kept = await self._notes.read(receipt.key)
            if kept is None or not kept.note.held_by(receipt.token):
                return await self._was_accepted(receipt, settlement, kept)
            if kept.note.done is None:
                written = await self._notes.put(await self._next(kept.note, settlement), kept)
                if written is None:  # a renewal or a cancel came in between
                    kept = await self._notes.read(receipt.key)
                    continue
                kept = written
                self._remember(receipt, settlement)
            await self._finisher.finish(kept)
            return await self._was_accepted(receipt, settlement, kept)
        return False

    async def hand_back(self, delivery: Delivery) -> None:
        """Let a job go that nobody has seen, with nothing charged."""
        receipt = Receipt.of(delivery)
        kept = await self._notes.read(receipt.key)
        if kept is not None and kept.note.held_by(receipt.token):
            await self._notes.put(kept.note.released(None, Charge.NOTHING, kept.note.not_before, None), kept)

    def _remember(self, receipt: Receipt, settlement: Settlement) -> None:
        self._accepted[receipt.token] = settlement.state
        while len(self._accepted) > _REMEMBERED:
            self._accepted.popitem(last=False)

    async def _was_accepted(self, receipt: Receipt, settlement: Settlement, kept: Kept | None) -> bool:
        """Whether this very settlement was told before, and accepted: perhaps its answer was lost."""
        told = self._accepted.get(receipt.token)
        if told is None:
            last = kept.note.last if kept else None
            if last is None or last.token != receipt.token:
                last = await self._finisher.mark_of(receipt.key)
            told = last.state if last is not None and last.token == receipt.token else None
        return told is settlement.state

    async def _next(self, note: Note, settlement: Settlement) -> Note:
        asked = settlement.state
        if settlement.state is State.COMPLETED and (problem := await self._verifier.problem(note, settlement)):
            self._log.warning("the output is not there: not settled as completed", job=note.key, reason=problem.message)
            settlement = self._verifier.refused(note, settlement, problem)
        now = self._time.now()
        error = error_of(settlement.failure, at=now, attempt=settlement.delivery.attempt, worker=self._owner.worker)
        token = Receipt.of(settlement.delivery).token
        state = State.CANCELLED if note.cancel and settlement.state not in FINAL else settlement.state
        if state in FINAL:
            holder = Holder(token=token, worker=self._owner.worker, until=lease_end(self._time, self._owner.lease))
            done = Done(state=state, at=now, result=settlement.result, follow_ups=self._objects(settlement.follow_ups))
            return note.ended(holder, done, settlement.charge, error, asked)
        last = Last(token=token, state=asked)
        not_before = after(now, settlement.delay) if settlement.delay else 0
        return note.released(last, settlement.charge, not_before, error)

    def _objects(self, jobs: Sequence[NewJob]) -> tuple[FollowUp, ...]:
        return tuple(FollowUp(key=self.key_of(job), body=wrap(job).decode()) for job in jobs)

    def key_of(self, job: NewJob) -> str:
        """Where a job of our own goes; its time is meant by this machine's clock, and noted by the store's."""
        wait = (job.run_at - self._clock.now()) / 1e6
        return job_key(job.queue, job.id, after(self._time.now(), wait) if wait > 0 else 0)
