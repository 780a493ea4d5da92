"""What the tests of the worker's parts share: holdings, executors that only listen, and a ledger in memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from millhand.core.errors import BrokerUnavailable
from millhand.core.events import Event
from millhand.core.limits import Limits
from millhand.core.retry import RetryPolicy
from millhand.testing.clock import FakeClock
from millhand.worker.executor_handle import Executor
from millhand.worker.executor_process import ExecutorProcess
from millhand.worker.holdings import Holding, Holdings
from millhand.worker.marks import MARKS, Marks
from millhand.worker.messages import Hello, Message, Rules
from millhand.worker.settings import ExecutorCommand
from tests.unit.core.makers import delivery

RULES = Rules(RetryPolicy(), Limits())
HELLO = Hello({"test.kind": RULES})


_NEVER = 2**62
"""An instant by which no lease of a test has run out."""


def held(holdings: Holdings, *job_ids: str) -> list[Holding]:
    """Hold a delivery of each of these jobs."""
    return holdings.add([delivery(job_id=job_id)._replace(lease_until=_NEVER) for job_id in job_ids])


def holdings_of(clock: FakeClock, busy: Callable[[], None] = lambda: None) -> Holdings:
    """No holdings yet."""
    return Holdings(clock, busy)


@dataclass
class Notes:
    """A ledger that keeps what it is told; it can be out of reach, and it can be slow."""

    events: list[Event] = field(default_factory=list[Event])
    batches: list[int] = field(default_factory=list[int])
    down: bool = False
    refused: int = 0
    gate: asyncio.Event | None = None

    async def record(self, reported: Sequence[Event], /) -> None:
        """Keep events."""
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            self.refused += 1
            raise BrokerUnavailable("the ledger can't be reached")
        self.events += reported
        self.batches.append(len(reported))

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Nobody asked."""
        return set()


@dataclass
class Listening:
    """An executor whose process runs nothing: it only sends back what it is sent, which `heard` collects."""

    executor: Executor
    heard: list[Message]
    marks: Marks

    def begins(self, *jobs: Holding) -> None:
        """Have its slots call the handlers of these."""
        for slot, job in enumerate(jobs):
            self.marks.begins(slot, job.ticket)

    def ends(self, *jobs: Holding) -> None:
        """Have its slots be done with these."""
        for slot, job in enumerate(jobs):
            self.marks.ended(slot, job.ticket)

    def heard_of(self, kind: type[Message]) -> list[Message]:
        """The messages of one kind."""
        return [message for message in self.heard if isinstance(message, kind)]


@asynccontextmanager
async def listening(
    folder: Path, clock: FakeClock, *, name: str = "executor-1", slots: int = 1, ready: bool = True
) -> AsyncGenerator[Listening]:
    """Start such an executor; it is killed at the end."""
    command = ExecutorCommand(argv=("sh", "-c", "exec cat", "sh"), workdir=folder)
    process = await ExecutorProcess.start(command, name)
    executor = Executor(name, process, slots, clock)
    if ready:
        executor.rules = HELLO.kinds
    both = Listening(executor, [], Marks(folder / name / MARKS, slots))
    task = asyncio.create_task(process.listen(both.heard.extend))
    try:
        yield both
    finally:
        process.kill()
        await task
