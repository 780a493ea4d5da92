"""Celery on Redis at its fastest: acknowledged before the run, 64 jobs fetched ahead, results ignored."""

from typing import Any

from celery import Celery

from bench.queues.marks import marks_of_environment
from bench.queues.peer import QueuePeer, address, become

app = Celery("bench", broker=address())
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=64, broker_connection_retry_on_startup=True)
marks = marks_of_environment()


def _note(number: int) -> None:
    """Note the moment."""
    marks.started(number)


noop: Any = app.task(name="bench.noop")(_note)


class Peer(QueuePeer):
    """It has no way to send many at once."""

    async def enqueue_one(self, number: int) -> None:
        """Send one job."""
        noop.delay(number)

    def work(self, executors: int) -> None:
        """Its worker with the prefork pool."""
        become("celery", "-A", f"{__name__}:app", "worker", "-c", str(executors), "--loglevel", "WARNING")
