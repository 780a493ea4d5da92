"""Keep what is held: renew its leases, and hear whether somebody wants it to stop."""

from collections.abc import Sequence

from millhand.brokers.bucket.claim import Receipt
from millhand.brokers.bucket.notes import Notes
from millhand.brokers.bucket.store_time import StoreTime, lease_end
from millhand.brokers.bucket.together import together
from millhand.core.clock import Clock
from millhand.core.job import Delivery

_TRIES = 3
_LOOK_EVERY = 2.0


class Holding:
    """The leases of one worker."""

    def __init__(self, notes: Notes, time: StoreTime, clock: Clock) -> None:
        self._notes = notes
        self._time = time
        self._clock = clock
        self._held: dict[str, Receipt] = {}
        self._looked_at = -_LOOK_EVERY

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Hold these."""
        self._held.update((each.job_id, Receipt.of(each)) for each in deliveries)

    def drop(self, delivery: Delivery) -> None:
        """Hold this no more."""
        if self._held.get(delivery.job_id) == Receipt.of(delivery):
            del self._held[delivery.job_id]

    async def extend(self, delivery: Delivery, seconds: float) -> bool:
        """Move the lease's end to so many seconds from now; False where it is lost."""
        receipt = Receipt.of(delivery)
        kept = self._notes.known(receipt.key) or await self._notes.read(receipt.key)
        for _ in range(_TRIES):
            if kept is None or not kept.note.held_by(receipt.token):
                kept = await self._notes.read(receipt.key)
            if kept is None or not kept.note.held_by(receipt.token) or kept.note.done is not None:
                break
            if await self._notes.put(kept.note.renewed(lease_end(self._time, seconds)), kept):
                return True
            kept = await self._notes.read(receipt.key)
        self.drop(delivery)
        return False

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these somebody asked to cancel; the notes are looked over every two seconds."""
        asked = {job_id: self._held[job_id] for job_id in job_ids if job_id in self._held}
        now = self._clock.monotonic()
        if asked and now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            versions = await self._notes.versions()
            changed = [
                each.key
                for each in asked.values()
                if (kept := self._notes.known(each.key)) is None or kept.version != versions.get(each.key)
            ]
            await together([self._notes.read(key) for key in changed])
        return {job_id for job_id, receipt in asked.items() if self._is_asked(receipt)}

    def _is_asked(self, receipt: Receipt) -> bool:
        kept = self._notes.known(receipt.key)
        return kept is not None and kept.note.held_by(receipt.token) and kept.note.cancel
