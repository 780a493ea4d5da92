"""procrastinate on PostgreSQL: 30 jobs at a time in each worker process, woken by NOTIFY."""

from collections.abc import Sequence
from typing import Any

from procrastinate import App, PsycopgConnector

from bench.queues.marks import marks_of_environment
from bench.queues.peer import QueuePeer, address

app = App(connector=PsycopgConnector(conninfo=address()))
marks = marks_of_environment()


async def _note(number: int) -> None:
    """Note the moment."""
    marks.started(number)


noop: Any = app.task(name="noop")(_note)


class Peer(QueuePeer):
    """One worker is one process: the bench starts as many as there shall be executors."""

    async def prepare(self) -> None:
        """Create its tables."""
        async with app.open_async():
            await app.schema_manager.apply_schema_async()

    async def open(self) -> None:
        """Connect."""
        await app.open_async()

    async def enqueue_one(self, number: int) -> None:
        """Send one job."""
        await noop.defer_async(number=number)

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        """Send a batch in one statement."""
        await noop.batch_defer_async(*({"number": number} for number in numbers))

    async def enqueued_all(self) -> None:
        """Let PostgreSQL count its rows."""
        await app.connector.execute_query_async("ANALYZE procrastinate_jobs")

    async def unsettled(self) -> int:
        """Jobs that wait or run."""
        query = "SELECT count(*) AS jobs FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        return (await app.connector.execute_query_one_async(query))["jobs"]

    async def close(self) -> None:
        """Disconnect."""
        await app.close_async()

    def work(self, executors: int) -> None:  # noqa: ARG002 - one process each
        """Its worker."""
        app.run_worker(concurrency=30)
