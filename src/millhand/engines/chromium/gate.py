"""The gate: a small forward proxy on loopback, through which everything that a page asks for must go.

It resolves names itself and connects only to addresses that the rule allows, so a redirect, a rebound DNS name or a
sub-resource is judged like the page itself. It counts what is transferred, and serves sites of our own from memory.
One gate serves one page; a request takes one connection.
"""

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from millhand.engines.chromium.http_head import Head, HeadTooLong, read_head
from millhand.engines.chromium.site import HOST, Site, answer
from millhand.net.reach import Reach, RefusedError

_PIECE = 1 << 16
_CONNECT_SECONDS = 15.0
_MOST_CONNECTIONS = 256
_HTTPS, _HTTP = 443, 80
_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 502: "Bad Gateway"}


@dataclass
class Traffic:
    """What went through a gate: bytes loaded, hosts that were refused, and hosts that could not be reached, and why."""

    transferred: int = 0
    refused: set[str] = field(default_factory=set[str])
    unreachable: dict[str, str] = field(default_factory=dict[str, str])


class Gate:
    """A gate for one page: `async with Gate(...) as gate`, then give `gate.url` to the browser as its proxy.

    When more than `limit` bytes were loaded, `exceeded` is set and nothing more passes.
    """

    def __init__(self, reach: Reach, site: Site | None, limit: int) -> None:
        self.traffic = Traffic()
        self.exceeded = asyncio.Event()
        self._reach = reach
        self._site = site
        self._limit = limit
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def url(self) -> str:
        """The gate's address, as a browser wants it."""
        if self._server is None:
            raise RuntimeError("the gate is not open")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._serving) >= _MOST_CONNECTIONS or self.exceeded.is_set():
            writer.close()
            return
        self._serving.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, HeadTooLong, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._serving.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        parts = head.words
        if len(parts) != 3:  # noqa: PLR2004 - method, target, version: RFC 9112, 3
            await _say(writer, 400, "text/plain", b"")
            return
        method, target, _ = parts
        tunnel = method == "CONNECT"
        host, port = _host_and_port(f"//{target}" if tunnel else target, _HTTPS if tunnel else _HTTP)
        if host == HOST and self._site is not None:
            found = (404, "text/plain", b"") if tunnel else await asyncio.to_thread(answer, self._site, target)
            await _say(writer, *found)
            return
        try:
            upstream = await self._connect(host, port)
        except RefusedError:
            self.traffic.refused.add(host)
            await _say(writer, 403, "text/plain", b"This address is refused.")
            return
        except (OSError, TimeoutError) as error:
            self.traffic.unreachable[host] = _why(error)
            await _say(writer, 502, "text/plain", b"The host can't be reached.")
            return
        with contextlib.closing(upstream[1]):
            try:
                await self._pass_on(head, tunnel, (reader, writer), upstream)
            except (HeadTooLong, asyncio.IncompleteReadError):
                self.traffic.unreachable[host] = "it does not answer as a web server does"
                await _say(writer, 502, "text/plain", b"The host gives no proper answer.")

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        failure = OSError("no address answers")
        for address in await self._reach.addresses(host, port):
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await asyncio.open_connection(address, port)
            except OSError as error:
                failure = error
        raise failure

    async def _pass_on(
        self,
        head: Head,
        tunnel: bool,  # noqa: FBT001 - private, and the protocol's own distinction
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        if tunnel:
            client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            upstream[1].write(head.for_origin())
        sending = asyncio.create_task(_pump(client[0], upstream[1]))
        try:
            if not tunnel:
                await self._pass_answer_head(client[1], upstream[0])
            await self._load(upstream[0], client[1])
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _pass_answer_head(self, writer: asyncio.StreamWriter, upstream: asyncio.StreamReader) -> None:
        head = await read_head(upstream)
        while head.is_interim:
            head = await read_head(upstream)
        writer.write(head.for_client())

    async def _load(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE):
            self.traffic.transferred += len(piece)
            if self.traffic.transferred > self._limit:
                self.exceeded.set()
                return
            writer.write(piece)
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()


def _host_and_port(url: str, default: int) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip("."), parts.port or default
    except ValueError:
        return "", default


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    return "it does not answer in time" if isinstance(error, TimeoutError) else "it refuses connections"


async def _say(writer: asyncio.StreamWriter, status: int, media_type: str, content: bytes) -> None:
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {media_type}\r\nContent-Length: {len(content)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode("ascii"))
    writer.write(content)
    await writer.drain()
