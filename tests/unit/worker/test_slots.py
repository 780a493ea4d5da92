"""The slots of an executor: jobs one after another, each told about, and stopped when asked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from millhand.core.context import Context
from millhand.core.outcome import Cancelled, Completed, Released, Retry
from millhand.core.registry import Registry
from millhand.testing.clock import MovableClock
from millhand.worker.executor.slots import Inbox, Slots
from millhand.worker.marks import Marks, read_marks
from millhand.worker.messages import Ended, Message, Run, Said, Started
from tests.support import poll_until
from tests.unit.worker.attempts import Act, bench


@dataclass
class Row:
    """Slots with an inbox, and what they said."""

    inbox: Inbox
    slots: Slots
    gate: asyncio.Event
    said: list[Message]
    marks: Path

    def endings(self) -> list[Ended]:
        """How runs ended, in order."""
        return [message for message in self.said if isinstance(message, Ended)]


def run(ticket: int, kind: str = "test.act", number: int = 1) -> Run:
    return Run(ticket, f"job-{ticket}", kind, f'{{"number":{number}}}', 1, "default", "acme", {"a": "b"})


@asynccontextmanager
async def row(folder: Path, count: int) -> AsyncGenerator[Row]:
    gate, said = asyncio.Event(), list[Message]()
    registry = Registry()

    @registry.handler
    async def act(ctx: Context, args: Act) -> str:
        ctx.log.info("here")
        if args.number == 0:
            await gate.wait()
        return f"{ctx.job.tenant} {ctx.job.queue} {ctx.job.headers}"

    async with bench(folder, MovableClock()) as place:
        inbox = Inbox(asyncio.get_running_loop())
        slots = Slots(Marks(folder / "marks", count), count, registry, place.tools, inbox, said.append)
        yield Row(inbox, slots, gate, said, folder / "marks")
        slots.close()
        await asyncio.sleep(0)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncGenerator[Row]:
    async with row(tmp_path, 1) as one:
        yield one


async def test_a_job_is_told_of_from_start_to_end(one: Row) -> None:
    one.inbox.put([run(7)])
    await poll_until(one.endings)
    assert [type(message) for message in one.said] == [Started, Said, Ended]
    (ended,) = one.endings()
    assert ended.outcome == Completed("\"acme default {'a': 'b'}\"")
    assert ended.started_at is not None
    assert ended.started_at <= ended.finished_at


async def test_one_slot_runs_one_at_a_time_and_marks_which(one: Row) -> None:
    one.inbox.put([run(1, number=0), run(2)])
    await poll_until(lambda: any(isinstance(message, Started) for message in one.said))
    assert list(read_marks(one.marks)) == [1]
    assert not one.inbox.empty
    one.gate.set()
    await one.slots.finished()
    assert [ended.ticket for ended in one.endings()] == [1, 2]
    await poll_until(lambda: list(read_marks(one.marks)) == [-2])


async def test_two_slots_run_two(tmp_path: Path) -> None:
    async with row(tmp_path, 2) as two:
        two.inbox.put([run(1, number=0), run(2)])
        await poll_until(two.endings)
        assert [ended.ticket for ended in two.endings()] == [2]
        two.gate.set()
        await two.slots.finished()


async def test_a_running_job_can_be_stopped(one: Row) -> None:
    one.inbox.put([run(1, number=0)])
    await poll_until(lambda: any(isinstance(message, Said) for message in one.said))
    one.slots.stop(1, "cancelled")
    await poll_until(one.endings)
    assert one.endings()[0].outcome == Cancelled("cancelled while it ran")


@pytest.mark.parametrize(
    ("why", "outcome"),
    [("cancelled", Cancelled("cancelled before it started")), ("draining", Released("draining"))],
)
async def test_a_waiting_job_that_is_stopped_never_starts(one: Row, why: str, outcome: object) -> None:
    one.inbox.put([run(1, number=0), run(2)])
    await poll_until(lambda: any(isinstance(message, Started) for message in one.said))
    one.slots.stop(2, why)
    one.slots.stop(99, why)
    (ended,) = one.endings()
    assert (ended.ticket, ended.outcome, ended.started_at) == (2, outcome, None)
    one.gate.set()
    await one.slots.finished()


async def test_it_is_finished_when_what_waited_was_taken_back(one: Row) -> None:
    one.inbox.put([run(1, number=0), run(2)])
    await poll_until(lambda: any(isinstance(message, Started) for message in one.said))
    finishing = asyncio.create_task(one.slots.finished())
    await asyncio.sleep(0)
    one.gate.set()
    one.inbox.take_back()
    await asyncio.wait_for(finishing, 10)
    assert [ended.ticket for ended in one.endings()] == [1]


async def test_an_unknown_kind_has_an_ending_too(one: Row) -> None:
    one.inbox.put([run(1, kind="test.unheard")])
    await poll_until(one.endings)
    assert isinstance(one.endings()[0].outcome, Retry)
