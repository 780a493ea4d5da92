"""Hears of new files from the store itself, which calls by HTTP: MinIO's webhooks, SeaweedFS', whatever can post.

What is said is not read, let alone believed: a call makes a worker look sooner than it would, and nothing else. So
nobody needs a password, and a worker to whom nobody calls is only slower.
"""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

_LONGEST = 10.0
_MOST = 1 << 20
_THANKS = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Ear:
    """Listens at one host and port, and tells `heard` of each call."""

    def __init__(self, address: tuple[str, int], heard: Callable[[], None]) -> None:
        self._address = address
        self._heard = heard
        self._server: asyncio.Server | None = None
        self._tried = False
        self._calls: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen, if that was not tried before; where it can't be, the worker goes on without."""
        if self._tried:
            return
        self._tried = True
        try:
            self._server = await asyncio.start_server(self._accept, *self._address)
        except OSError as error:
            structlog.get_logger("millhand.brokers.bucket").warning(
                "can't listen for the store's notifications: new files are found by looking alone",
                address="{}:{}".format(*self._address),
                reason=error.strerror,
                fix="Give each worker of this machine another port in `notify`.",
            )

    async def close(self) -> None:
        """Listen no more. Calling it twice, or before `open`, is harmless."""
        self._tried = False
        if self._server is None:
            return
        self._server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.create_task(self._answer(reader, writer), name="notification")
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # Whoever hangs up early, says nonsense or too much, or is still speaking at the end, gets no thanks.
            with contextlib.suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
                async with asyncio.timeout(_LONGEST):
                    await _hear_out(reader)
                    self._heard()
                    writer.write(_THANKS)
                    await writer.drain()
        finally:
            writer.close()


async def _hear_out(reader: asyncio.StreamReader) -> None:
    """Read a request to its end: some callers take an early answer for a failure."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
    size = next((int(value) for name, _, value in lines if name.strip() == b"content-length"), 0)
    await reader.readexactly(min(size, _MOST))
