"""A network to an object store that understands HTTP: it refuses, dawdles and cuts answers short, and notes each write.

What it notes is the evidence of a run, as no fault reaches it: a bucket keeps no history, but whoever changed it did so
through here.
"""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from millhand.core.clock import Clock

_HOST = "127.0.0.1"
_CHUNK = 64 * 1024
_DAWDLE = 0.1
_PIECES = 8
_DELETED = re.compile(rb"<Delete.*<Key>([^<]+)</Key>", re.DOTALL)
_BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_REFUSAL = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(_BUSY)
) + _BUSY


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and the headers of a request or an answer."""

    raw: bytes
    first: str
    headers: Mapping[str, str]

    @classmethod
    async def read(cls, reader: asyncio.StreamReader) -> "Head":
        """Raises `asyncio.IncompleteReadError` if the connection ends first."""
        raw = await reader.readuntil(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines if line)
        return cls(raw, first, {name.strip().lower(): value.strip() for name, _, value in pairs})

    async def body(self, reader: asyncio.StreamReader) -> bytes:
        """The body as it was sent, in chunks or of the length that was told."""
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return await reader.readexactly(int(self.headers.get("content-length", 0)))
        whole = b""
        while True:
            size = await reader.readline()
            whole += size + await reader.readexactly(int(size, 16) + 2)
            if int(size, 16) == 0:
                return whole


@dataclass(slots=True)
class Exchange:
    """A request to the store and what became of it: `status` is 0 while there is no answer, perhaps for ever."""

    asked_at: int
    method: str
    key: str
    condition: str
    body: bytes
    status: int = 0
    answered: bytes = b""

    @property
    def etag(self) -> str:
        """The etag that the store gives to what was sent."""
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()

    @property
    def answered_etag(self) -> str:
        """The etag of what was read."""
        return hashlib.md5(self.answered, usedforsecurity=False).hexdigest()


Watch = Callable[[Exchange, bool], bool]
"""Looks at each request before it is passed on (False) and after its answer came (True); True cuts the connection."""


def no_watch(_: Exchange, _late: bool) -> bool:  # noqa: FBT001 - as in `Watch`
    """Let everything pass."""
    return False


@dataclass
class StoreNetwork:
    """The way of one process to the store. All that passes is added to `log`, which the networks of a run share."""

    target: int
    log: list[Exchange]
    clock: Clock
    refusing: bool = False
    dawdling: bool = False
    truncating: bool = False
    watch: Watch = no_watch
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    passed: int = 0
    _server: asyncio.Server | None = None
    _links: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the network is not open")
        return self._server.sockets[0].getsockname()[1]

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return len(self._links)

    async def open(self) -> None:
        """Begin to listen on a free port."""
        self.flowing.set()
        self._server = await asyncio.start_server(self._accept, _HOST, 0)

    async def close(self) -> None:
        """Cut everything."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await asyncio.gather(*self._links, return_exceptions=True)
            await self._server.wait_closed()

    def cut(self) -> None:
        """Cut all present connections."""
        for link in self._links:
            link.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.create_task(self._join(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whichever end goes, the other one is left alone as well; and the task ends when the connection is cut.
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            try:
                await self.flowing.wait()
                far_reader, far_writer = await asyncio.open_connection(_HOST, self.target)
                try:
                    while await self._exchange(reader, writer, far_reader, far_writer):
                        pass
                finally:
                    far_writer.transport.abort()
            finally:
                writer.transport.abort()

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> bool:
        """Pass on a request and its answer; whether the connection goes on."""
        head = await Head.read(reader)
        body = await head.body(reader)
        await self.flowing.wait()
        if self.refusing:
            writer.write(_REFUSAL)
            await writer.drain()
            return True
        exchange = self._noted(head, body)
        if self.watch(exchange, False):
            return False
        far_writer.write(head.raw + body)
        await far_writer.drain()
        answer = await Head.read(far_reader)
        status = int(answer.first.split()[1])
        empty = exchange.method == "HEAD" or status in {204, 304}
        content = b"" if empty else await answer.body(far_reader)
        exchange.status, exchange.answered = status, content
        if self.watch(exchange, True):
            return False
        await self.flowing.wait()
        self.passed += 1
        return await self._answer(writer, answer, content, is_reading=exchange.method == "GET")

    async def _answer(self, writer: asyncio.StreamWriter, head: Head, content: bytes, *, is_reading: bool) -> bool:
        if self.truncating and is_reading and content:
            writer.write(head.raw + content[: len(content) // 2])
            await writer.drain()
            return False
        if self.dawdling:
            whole = head.raw + content
            step = -(-len(whole) // _PIECES)
            for start in range(0, len(whole), step):
                writer.write(whole[start : start + step])
                await writer.drain()
                await asyncio.sleep(_DAWDLE)
            return True
        writer.write(head.raw + content)
        await writer.drain()
        return True

    def _noted(self, head: Head, body: bytes) -> Exchange:
        method, target, _ = head.first.split()
        key = unquote(target.partition("?")[0]).strip("/").partition("/")[2]
        if method == "POST" and (named := _DELETED.search(body)):  # a single one is deleted so as well
            method, key = "DELETE", named[1].decode()
        condition = head.headers.get("if-match", "").strip('"') or head.headers.get("if-none-match", "")
        copied = unquote(head.headers.get("x-amz-copy-source", ""))
        exchange = Exchange(self.clock.now(), f"COPY {copied}" if copied else method, key, condition, body)
        self.log.append(exchange)
        return exchange


@asynccontextmanager
async def network_to(target: int, log: list[Exchange], clock: Clock) -> AsyncGenerator[StoreNetwork]:
    """An open network to a port of the loopback, closed at the end."""
    network = StoreNetwork(target, log, clock)
    await network.open()
    try:
        yield network
    finally:
        await network.close()
