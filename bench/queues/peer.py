"""What a queue must be able to do to be measured. Each adapter in `peers/` is one such class, called `Peer`."""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


class QueuePeer(ABC):
    """A queue, seen by a program that sends jobs and asks about them. Its jobs carry a number and note their start."""

    async def prepare(self) -> None:  # noqa: B027 - a queue may have nothing to do here
        """Create what the queue needs in its empty place, once."""

    async def open(self) -> None:  # noqa: B027 - a queue may have nothing to do here
        """Connect."""

    @abstractmethod
    async def enqueue_one(self, number: int) -> None:
        """Send one job, and return when the queue has taken it."""

    async def enqueue_many(self, numbers: Sequence[int]) -> None:
        """Send many jobs in the way the queue has for it; one by one where it has none."""
        for number in numbers:
            await self.enqueue_one(number)

    async def enqueued_all(self) -> None:  # noqa: B027 - a queue may have nothing to do here
        """Called when a backlog is complete: a database may look at its tables before the worker comes."""

    async def unsettled(self) -> int:
        """How many jobs are not yet settled; 0 where the queue forgets a job before or as soon as it ran."""
        return 0

    async def close(self) -> None:  # noqa: B027 - a queue may have nothing to do here
        """Disconnect."""

    @abstractmethod
    def work(self, executors: int) -> None:
        """Be a worker with so many job processes (or be one of them), until a signal comes."""


def place() -> Path:
    """The folder for what the queue stores."""
    return Path(os.environ["BENCH_PLACE"])


def address() -> str:
    """The URL of the server that the queue uses."""
    return os.environ["BENCH_ADDRESS"]


def durable() -> bool:
    """Whether a job that was taken must survive a power cut."""
    return os.environ["BENCH_DURABLE"] == "1"


def become(module: str, *arguments: str) -> NoReturn:
    """Turn this process into `python -m module arguments`, so that nothing of the bench is left in it."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - no shell is what we want
