"""The child's end of the pipe."""

import asyncio
import os
import threading
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from millhand.worker.executor.link import Outbox, read_on_thread
from millhand.worker.executor.slots import Inbox
from millhand.worker.messages import LENGTH_BYTES, Exit, Message, Recall, Recalled, Run, Started, frame, unframe
from tests.support import poll_until, wait_until


@dataclass
class Heard:
    """What the reading thread handed on."""

    messages: list[Message] = field(default_factory=list[Message])
    closed: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def pipe() -> Generator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        with suppress(OSError):
            os.close(descriptor)


def run(ticket: int) -> Run:
    return Run(ticket, f"job-{ticket}", "test.kind", "{}", 1, "default", "", {})


# Reading


def reading(descriptor: int) -> Heard:
    heard = Heard()
    read_on_thread(os.dup(descriptor), heard.messages.extend, heard.closed.set)
    return heard


def test_frames_are_handed_on_and_the_end_is_told(pipe: tuple[int, int]) -> None:
    heard = reading(pipe[0])
    os.write(pipe[1], frame([run(1), Recall()]) + frame([Exit()]))
    wait_until(lambda: len(heard.messages) == 3)
    assert not heard.closed.is_set()
    os.close(pipe[1])
    assert heard.closed.wait(10)
    assert heard.messages == [run(1), Recall(), Exit()]


@pytest.mark.parametrize("cut", [2, LENGTH_BYTES, LENGTH_BYTES + 5])
def test_a_dispatcher_that_is_killed_while_it_writes_is_gone(pipe: tuple[int, int], cut: int) -> None:
    heard = reading(pipe[0])
    os.write(pipe[1], frame([run(1)])[:cut])
    os.close(pipe[1])
    assert heard.closed.wait(10)
    assert heard.messages == []


def test_an_executor_that_cannot_read_does_not_stay(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    heard = reading(pipe[0])
    os.write(pipe[1], (4).to_bytes(LENGTH_BYTES, "big") + b"what")
    assert heard.closed.wait(10)
    wait_until(lambda: raised)


# Writing


@pytest.fixture
async def outbox(pipe: tuple[int, int]) -> Outbox:
    os.set_blocking(pipe[0], False)
    return Outbox(pipe[1], asyncio.get_running_loop())


def frames(descriptor: int) -> list[list[Message]]:
    """The frames that were written so far."""
    try:
        data = os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return []
    found: list[list[Message]] = []
    while data:
        end = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "big")
        found.append(list(unframe(data[LENGTH_BYTES:end])))
        data = data[end:]
    return found


async def test_messages_leave_together_when_the_loop_turns(pipe: tuple[int, int], outbox: Outbox) -> None:
    outbox.put(Started(1, 1))
    outbox.put(Started(2, 2))
    await asyncio.sleep(0)
    assert frames(pipe[0]) == [[Started(1, 1), Started(2, 2)]]
    outbox.flush()
    assert frames(pipe[0]) == []


async def test_a_full_batch_does_not_wait_for_the_loop(pipe: tuple[int, int], outbox: Outbox) -> None:
    for number in range(257):
        outbox.put(Started(number, 1))
    at_once = [len(each) for each in frames(pipe[0])]
    assert at_once  # several, if the machine is slow
    assert max(at_once) <= 256
    await asyncio.sleep(0)
    assert [len(each) for each in frames(pipe[0])] == [257 - sum(at_once)]


async def test_a_thread_sends_at_once(pipe: tuple[int, int], outbox: Outbox) -> None:
    outbox.put(Started(1, 1))
    await asyncio.to_thread(outbox.put_from_thread, Recalled([7]))
    assert [Recalled([7])] in frames(pipe[0])


async def test_a_dispatcher_that_is_gone_is_no_error_of_the_writer(pipe: tuple[int, int], outbox: Outbox) -> None:
    os.close(pipe[0])
    outbox.put(Started(1, 1))
    outbox.flush()


async def test_more_than_the_pipe_holds_is_written_whole(pipe: tuple[int, int], outbox: Outbox) -> None:
    os.set_blocking(pipe[0], True)
    heard = reading(pipe[0])
    large = Run(1, "job-1", "test.kind", "x" * 500_000, 1, "default", "", {})
    await asyncio.to_thread(outbox.put_from_thread, large)
    await poll_until(lambda: heard.messages == [large])
    os.close(pipe[1])
    assert heard.closed.wait(10)


# Inbox


@pytest.fixture
async def inbox() -> Inbox:
    return Inbox(asyncio.get_running_loop())


async def test_jobs_are_taken_in_order_and_waited_for(inbox: Inbox) -> None:
    taking = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    await asyncio.to_thread(inbox.put, [run(1), run(2)])
    assert await taking == run(1)
    assert await inbox.get() == run(2)
    assert inbox.empty


async def test_waiting_jobs_can_be_taken_out_again(inbox: Inbox) -> None:
    inbox.put([run(1), run(2), run(3)])
    assert (inbox.remove(2), inbox.remove(2)) == (True, False)
    assert [each.ticket for each in inbox.take_back()] == [1, 3]
    assert inbox.take_back() == []
