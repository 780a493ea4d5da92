"""The child's end of the pipe: frames come in on a thread of their own and go out in batches.

The thread keeps reading while a handler blocks the loop, so the end of the dispatcher is seen at once.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

from millhand.worker.messages import LENGTH_BYTES, Ended, Message, Started, frame, unframe

_BATCH = 256
_LATEST = 0.002


def take_stdio() -> tuple[int, int]:
    """Keep the pipe's two ends for ourselves; what handlers print goes to standard error, what they read is empty."""
    incoming, outgoing = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device, opened for its descriptor
        os.dup2(nothing.fileno(), 0)
    sys.stdout.flush()
    os.dup2(2, 1)
    return incoming, outgoing


class Outbox:
    """Messages to the dispatcher, written in batches: at the latest when the loop turns, or after two milliseconds."""

    def __init__(self, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
        self._descriptor = descriptor
        self._loop = loop
        self._waiting: list[Message] = []
        self._since = 0.0
        self._lock = threading.Lock()

    def put(self, message: Message) -> None:
        """Send a message soon. The start of a job that has ended before it was told needs no message of its own."""
        waiting = self._waiting
        if isinstance(message, Ended) and waiting and _is_start_of(message, waiting[-1]):
            waiting[-1] = message
        else:
            waiting.append(message)
            if len(waiting) == 1:
                self._since = time.monotonic()
                self._loop.call_soon(self.flush)
        if len(waiting) >= _BATCH or time.monotonic() - self._since > _LATEST:
            self.flush()

    def put_from_thread(self, message: Message) -> None:
        """Send a message now, from a thread other than the loop's; it may overtake messages that wait."""
        with self._lock:
            _write_all(self._descriptor, frame([message]))

    def flush(self) -> None:
        """Send what waits, now. A dispatcher that is gone is no error here: the reading side sees it."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            if waiting:
                _write_all(self._descriptor, frame(waiting))


def _is_start_of(end: Ended, message: Message) -> bool:
    return isinstance(message, Started) and message.ticket == end.ticket


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BrokenPipeError:
            return


def _read_frame(stream: BinaryIO) -> bytes:
    """The body of the next frame; nothing at the end, or if the dispatcher was killed in the middle of one."""
    length = int.from_bytes(stream.read(LENGTH_BYTES), "big")
    body = stream.read(length)
    return body if len(body) == length else b""


def read_on_thread(descriptor: int, receive: Callable[[list[Message]], None], closed: Callable[[], None]) -> None:
    """Hand each frame's messages to `receive`, and call `closed` when the dispatcher is gone; both on a thread."""

    def read() -> None:
        try:
            with os.fdopen(descriptor, "rb", buffering=1 << 16) as stream:
                while body := _read_frame(stream):
                    receive(list(unframe(body)))
        finally:
            closed()

    threading.Thread(target=read, name="millhand-pipe", daemon=True).start()
