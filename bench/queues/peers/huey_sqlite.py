"""huey on SQLite: process workers that poll every 10 to 50 ms. Taking a job deletes it, so a crash loses it."""

from huey import SqliteHuey

from bench.queues.marks import marks_of_environment
from bench.queues.peer import QueuePeer, become, durable, place

_PRAGMA = {} if durable() else {"fsync": False}  # its default is SQLite's: synchronous=FULL; false means OFF
huey = SqliteHuey("bench", filename=str(place() / "huey.db"), **_PRAGMA)
marks = marks_of_environment()


@huey.task()
def noop(number: int) -> None:
    """Note the moment."""
    marks.started(number)


class Peer(QueuePeer):
    """It has no way to send many at once."""

    async def enqueue_one(self, number: int) -> None:
        """Send one job."""
        noop(number)

    def work(self, executors: int) -> None:
        """Its consumer."""
        polling = ["--delay", "0.01", "--max-delay", "0.05"]
        become(
            "huey.bin.huey_consumer",
            f"{__name__}.huey",
            *("--worker-type", "process", "--workers", str(executors), "--no-periodic", "--quiet"),
            *polling,
        )
