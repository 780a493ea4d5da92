"""Dramatiq on Redis: eight threads in each process, acknowledged after the run."""

from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.queues.marks import marks_of_environment
from bench.queues.peer import QueuePeer, address, become

broker = RedisBroker(url=address())
dramatiq.set_broker(broker)
marks = marks_of_environment()


def _note(number: int) -> None:
    """Note the moment."""
    marks.started(number)


noop: Any = dramatiq.actor(actor_name="noop")(_note)


class Peer(QueuePeer):
    """It has no way to send many at once."""

    async def enqueue_one(self, number: int) -> None:
        """Send one job."""
        noop.send(number)

    def work(self, executors: int) -> None:
        """Its worker."""
        become("dramatiq", f"{__name__}:broker", "--processes", str(executors), "--threads", "8")
