"""What lies in the bucket to be done: the files that routes mean, and jobs of our own."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from millhand.brokers.bucket.layout import FAILED, JOBS, failed_key, job_key, parse_job_key, queue_folder
from millhand.brokers.bucket.place import Place
from millhand.brokers.bucket.routes import Route
from millhand.core.clock import after
from millhand.stores import Bucket, ObjectFacts


@dataclass(frozen=True, slots=True)
class Item:
    """One job as it lies there, left alone before the store's instant `due_at`. Jobs of our own have no route."""

    key: str
    job_id: str
    queue: str
    facts: ObjectFacts
    due_at: int = 0
    route: Route | None = None


class Inbox:
    """The folders that hold jobs; `queues` are those to look into, none meaning all."""

    def __init__(self, bucket: Bucket, place: Place, queues: Sequence[str]) -> None:
        self._bucket = bucket
        self._place = place
        self._wanted = frozenset(queues)

    async def queues(self) -> dict[str, list[str]]:
        """The queues that there are now, and that are wanted, each with the folders in which its jobs are."""
        found = {queue: [queue] for queue in self._place.queues}
        for name in await self._bucket.folders(JOBS) if self._place.jobs else []:
            found.setdefault(unquote(name), []).append(f"{JOBS}/{name}")
        return {queue: folders for queue, folders in found.items() if not self._wanted or queue in self._wanted}

    def folders_of(self, queue: str) -> list[str]:
        """The folders in which jobs of this queue may be."""
        files = [queue] if queue in self._place.queues else []
        return [*files, queue_folder(queue)] if self._place.jobs else files

    async def pages(self, folders: Sequence[str]) -> AsyncGenerator[list[Item]]:
        """The jobs in these folders, a request for each page."""
        for folder in folders:
            async for page in self._bucket.pages(folder):
                yield self._items(page)

    def item(self, facts: ObjectFacts) -> Item | None:
        """What an object is as a job; None if it is none, or left alone: empty, hidden, locked, still being written."""
        if (own := parse_job_key(facts.key)) is not None:
            queue, job_id, due_at = own
            return Item(facts.key, job_id, queue, facts, due_at)
        if facts.size == 0:
            return None
        route = self.route_of(facts.key)
        if route is None:
            return None
        due_at = after(facts.modified, self._place.still) if self._place.still else 0
        return Item(facts.key, facts.key, route.queue, facts, due_at, route)

    async def find(self, job_id: str) -> Item | None:
        """The job with this id, if it lies there."""
        if self.route_of(job_id):
            facts = await self._bucket.find(job_id)
            return self.item(facts) if facts else None
        facts = await find_own(self._bucket, "", job_id)
        return self.item(facts) if facts else None

    async def find_failed(self, job_id: str) -> str | None:
        """The key that a job had which has failed for good."""
        if self.route_of(job_id):
            return job_id if await self._bucket.find(failed_key(job_id)) else None
        facts = await find_own(self._bucket, f"{FAILED}/", job_id)
        return facts.key.removeprefix(f"{FAILED}/") if facts else None

    def route_of(self, key: str) -> Route | None:
        """The route that means files of this name, if one does."""
        return next((route for route in self._place.routes if route.match(key) is not None), None)

    def _items(self, page: Sequence[ObjectFacts]) -> list[Item]:
        items = [self.item(facts) for facts in page]
        return [item for item in items if item is not None]


async def find_own(bucket: Bucket, under: str, job_id: str) -> ObjectFacts | None:
    """The object of a job of our own, in whichever queue: its name begins with the id, and may go on with a time."""
    for name in await bucket.folders(f"{under}{JOBS}"):
        start = f"{under}{job_key(unquote(name), job_id)}".removesuffix(".json")
        async for page in bucket.pages(start.rpartition("/")[0], after=start):
            for facts in page:
                if facts.key.startswith((f"{start}.", f"{start}@")):
                    return facts
            break
    return None
