"""How the queues stand, by counting what lies there, up to ten thousand of each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from millhand.brokers.bucket.fetch import MOST_PAGES
from millhand.brokers.bucket.inbox import Inbox, Item
from millhand.brokers.bucket.note import Note
from millhand.brokers.bucket.notes import Notes
from millhand.brokers.bucket.store_time import StoreTime
from millhand.core.clock import MICROSECONDS, Clock
from millhand.core.ports import QueueStats

_FRESH = 30.0
_MOST = 10_000


class Counting:
    """Counts at most every half minute, unless something has changed here."""

    def __init__(self, inbox: Inbox, notes: Notes, time: StoreTime, clock: Clock) -> None:
        self._inbox = inbox
        self._notes = notes
        self._time = time
        self._clock = clock
        self._counted: list[QueueStats] = []
        self._counted_at = -_FRESH

    def forget(self) -> None:
        """Something has changed."""
        self._counted_at = self._clock.monotonic() - 2 * _FRESH

    async def stats(self) -> list[QueueStats]:
        """The queues, each with its counts."""
        if self._clock.monotonic() - self._counted_at >= _FRESH:
            await self._time.sync()
            versions = await self._notes.versions()
            queues = await self._inbox.queues()
            self._counted = [await self._count(queue, folders, versions) for queue, folders in queues.items()]
            self._counted_at = self._clock.monotonic()
        return self._counted

    async def _count(self, queue: str, folders: Sequence[str], versions: Mapping[str, str]) -> QueueStats:
        stats, pages, now = QueueStats(queue=queue), 0, self._time.now()
        async for items in self._inbox.pages(folders):
            kept = await self._notes.get([item.key for item in items], versions, now)
            for item in items:
                note = kept[item.key].note if item.key in kept else None
                stats = self._with(stats, item, note, now)
            pages += 1
            if pages == MOST_PAGES:
                break
        return stats

    def _with(self, stats: QueueStats, item: Item, note: Note | None, now: int) -> QueueStats:
        if note is not None and (note.holder is not None or note.done is not None):
            return replace(stats, running=min(_MOST, stats.running + 1))
        if note is not None and note.not_before > now:
            return replace(stats, retryable=min(_MOST, stats.retryable + 1))
        if item.due_at > now:
            return replace(stats, scheduled=min(_MOST, stats.scheduled + 1))
        # In whole seconds, as stores tell when an object was written: the same job must not seem to move.
        ahead = round((self._clock.now() - now) / MICROSECONDS) * MICROSECONDS
        since = item.facts.modified + ahead
        oldest = since if stats.oldest is None else min(stats.oldest, since)
        return replace(stats, available=min(_MOST, stats.available + 1), oldest=oldest)
