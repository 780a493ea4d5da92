"""millhand on its SQL broker: the public API, defaults throughout."""

from collections.abc import Sequence

from bench.millhand_app import Noop, app
from bench.queues.peer import QueuePeer, become
from millhand.core.state import LIVE


class Peer(QueuePeer):
    """Driven through `App`; settings come through the environment."""

    async def prepare(self) -> None:
        """Create the tables, as the first opening does."""
        await self.open()
        await self.close()

    async def open(self) -> None:
        """Connect."""
        await app.backend()

    async def enqueue_one(self, number: int) -> None:
        """Send one job."""
        await app.enqueue(Noop(number=number))

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        """Send a batch in one transaction."""
        await app.enqueue_many([Noop(number=number) for number in numbers])

    async def unsettled(self) -> int:
        """Jobs that are not completed."""
        tally = await (await app.backend()).inspector.tally()
        return sum(count.value for state, count in tally.items() if state in LIVE)

    async def close(self) -> None:
        """Disconnect."""
        await app.close()

    def work(self, executors: int) -> None:  # noqa: ARG002 - the environment says how many
        """Run the app."""
        become("bench.millhand_app")
