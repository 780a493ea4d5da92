"""Look for jobs that are free, and take some: fairly among queues, and not all workers the same ones."""

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from millhand.brokers.bucket.claim import Claims
from millhand.brokers.bucket.inbox import Inbox, Item
from millhand.brokers.bucket.notes import Kept, Notes
from millhand.brokers.bucket.store_time import StoreTime
from millhand.brokers.bucket.together import tried_together
from millhand.core.clock import MICROSECONDS, Clock
from millhand.core.errors import BlobFailed
from millhand.core.job import Delivery

MOST_PAGES = 10
"""Pages of a thousand that one look at a queue reads at most."""

_WINDOW = 4
_SMALLEST_WINDOW = 32
_FRESH = 2.0
_MOST_LOOKS = 3


@dataclass(slots=True)
class Look:
    """What one look found: free jobs by queue, whether there was anything at all, and the next instant that counts."""

    free: dict[str, deque[tuple[Item, Kept | None]]] = field(default_factory=dict[str, deque[tuple[Item, Kept | None]]])
    anything: bool = False
    next_due: int | None = None

    def take(self, count: int) -> list[tuple[Item, Kept | None]]:
        """So many of the free jobs, in turn from each queue."""
        taken: list[tuple[Item, Kept | None]] = []
        while len(taken) < count and (queues := [each for each in self.free.values() if each]):
            taken += [queue.popleft() for queue in queues[: count - len(taken)]]
        return taken

    def wait_until(self, instant: int) -> None:
        """Note that something happens then."""
        self.next_due = instant if self.next_due is None else min(self.next_due, instant)


class Fetch:
    """Finds and takes jobs for one worker. What a look found beyond the need is kept for a moment."""

    def __init__(self, inbox: Inbox, notes: Notes, claims: Claims, time: StoreTime, clock: Clock) -> None:
        self._inbox = inbox
        self._notes = notes
        self._claims = claims
        self._time = time
        self._clock = clock
        self._look = Look()
        self._looked_at = -_FRESH
        self._random = random.Random()  # noqa: S311 - which job is taken first is no secret

    @property
    def saw_anything(self) -> bool:
        """Whether the last look saw any job, free or not."""
        return self._look.anything

    @property
    def due_in(self) -> float | None:
        """Seconds until the next job is due that the last look saw, if any."""
        due = self._look.next_due
        return None if due is None else max(0.0, (due - self._time.now()) / MICROSECONDS)

    async def fetch(self, limit: int) -> list[Delivery]:
        """Take up to `limit` jobs; none if a fresh look finds none that is free.

        If the store fails on the way, what was taken before counts: it would only wait for its leases to run out.
        """
        deliveries: list[Delivery] = []
        try:
            await self._fetch(deliveries, limit)
        except BlobFailed:
            if not deliveries:
                raise
        return deliveries

    async def _fetch(self, deliveries: list[Delivery], limit: int) -> None:
        looks = 0
        while len(deliveries) < limit and looks < _MOST_LOOKS:  # where others are quicker each time, let them
            wanted = limit - len(deliveries)
            if self._clock.monotonic() - self._looked_at > _FRESH or not any(self._look.free.values()):
                self._look = await self._look_around(wanted)
                self._looked_at = self._clock.monotonic()
                looks += 1
            chosen = self._look.take(wanted)
            claimed, failed = await tried_together([self._claims.claim(item, kept) for item, kept in chosen])
            deliveries += [each for each in claimed if each is not None]
            if failed is not None:
                raise failed
            if not chosen:
                break

    def forget(self) -> None:
        """Look anew at the next fetch."""
        self._looked_at = self._clock.monotonic() - 2 * _FRESH

    async def _look_around(self, wanted: int) -> Look:
        await self._time.sync()
        look = Look()
        versions: Mapping[str, str] | None = None
        for queue, folders in (await self._inbox.queues()).items():
            free: list[tuple[Item, Kept | None]] = []
            pages = 0
            async for items in self._inbox.pages(folders):
                if items and versions is None:
                    versions = await self._notes.versions()
                look.anything = look.anything or bool(items)
                free += await self._free(look, items, versions or {})
                pages += 1
                if len(free) >= _window(wanted) or pages == MOST_PAGES:
                    break
            look.free[queue] = self._shuffled(free, wanted)
        return look

    async def _free(
        self, look: Look, items: Sequence[Item], versions: Mapping[str, str]
    ) -> list[tuple[Item, Kept | None]]:
        now = self._time.now()
        kept = await self._notes.get([item.key for item in items], versions, now)
        free: list[tuple[Item, Kept | None]] = []
        for item in items:
            note = kept[item.key].note if item.key in kept else None
            held = note is not None and (note.holder is not None or note.done is not None)
            due_at = max(item.due_at, note.not_before if note else 0)
            if not held and due_at <= now:
                free.append((item, kept.get(item.key)))
            elif not held:
                look.wait_until(due_at)
        return free

    def _shuffled(self, free: list[tuple[Item, Kept | None]], wanted: int) -> deque[tuple[Item, Kept | None]]:
        """The oldest, in an order of our own: workers that look at the same moment should not want the same jobs."""
        oldest = sorted(free, key=lambda each: each[0].facts.modified)[: _window(wanted)]
        self._random.shuffle(oldest)
        return deque(oldest)


def _window(wanted: int) -> int:
    return max(_SMALLEST_WINDOW, _WINDOW * wanted)
