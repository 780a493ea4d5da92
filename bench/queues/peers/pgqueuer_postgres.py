"""pgqueuer on PostgreSQL by asyncpg: 200 jobs to a batch, woken by NOTIFY; acknowledgements are buffered."""

import asyncio
from collections.abc import Sequence

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.models import Job

from bench.queues.marks import marks_of_environment
from bench.queues.peer import QueuePeer, address

marks = marks_of_environment()
_BATCH = 200


class Peer(QueuePeer):
    """One worker is one process: the bench starts as many as there shall be executors."""

    async def prepare(self) -> None:
        """Create its tables."""
        await self.open()
        await self._queries.install()
        await self.close()

    async def open(self) -> None:
        """Connect."""
        self._connection = await asyncpg.connect(address())
        self._queries = Queries(AsyncpgDriver(self._connection))

    async def enqueue_one(self, number: int) -> None:
        """Send one job."""
        await self._queries.enqueue("noop", str(number).encode())

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        """Send a batch in one statement."""
        payloads: list[bytes | None] = [str(number).encode() for number in numbers]
        await self._queries.enqueue(["noop"] * len(numbers), payloads, [0] * len(numbers))

    async def enqueued_all(self) -> None:
        """Let PostgreSQL count its rows."""
        await self._connection.execute("ANALYZE pgqueuer")

    async def unsettled(self) -> int:
        """Jobs in its table: it moves them out when they are done."""
        return await self._connection.fetchval("SELECT count(*) FROM pgqueuer")

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    def work(self, executors: int) -> None:  # noqa: ARG002 - one process each
        """Its worker."""
        asyncio.run(_work())


async def _work() -> None:
    queue = PgQueuer.from_asyncpg_connection(await asyncpg.connect(address()))

    @queue.entrypoint("noop")
    async def noop(job: Job) -> None:
        marks.started(int(job.payload or b"0"))

    await queue.run(batch_size=_BATCH)
