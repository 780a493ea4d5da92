"""A web server that misbehaves: it answers with what a case says, well formed or not, at once or never."""

import asyncio
import contextlib
import itertools
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is done with a connection after its request was read."""

_CERTIFICATE = Path(__file__).with_name("self-signed.pem")


@dataclass(frozen=True)
class Answer:
    """An answer as it should be."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def talk(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send it."""
        told = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Status", *(f"{name}: {value}" for name, value in told.items())]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + self.body)
        await writer.drain()


class Site:
    """What the server shows. Everything that is added gets a path of its own."""

    def __init__(self, host: str, tls_host: str) -> None:
        self.host = host
        self.tls_host = tls_host
        self._talks: dict[str, Talk] = {}
        self._numbers = itertools.count(1)

    def add(self, talk: Answer | Talk | str, name: str = "") -> str:
        """The URL under which this is found from now on; a text is a page."""
        path = f"/{next(self._numbers)}{name}"
        answer = Answer(talk.encode()) if isinstance(talk, str) else talk
        self._talks[path] = answer.talk if isinstance(answer, Answer) else answer
        return f"http://{self.host}{path}"

    def talk_of(self, path: str) -> Talk:
        """What happens at that path: any query belongs to the same page, and the unknown is not found."""
        return self._talks.get(path.partition("?")[0], Answer(b"not here", 404).talk)


def chunked(head: str = "Content-Type: text/html") -> bytes:
    """The head of an answer whose length nobody knows."""
    return f"HTTP/1.1 200 OK\r\n{head}\r\nConnection: close\r\n\r\n".encode()


@contextlib.contextmanager
def serving() -> Iterator[Site]:
    """A running server, in a thread of its own; its TLS port has a certificate that nobody trusts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="hostile-pages")
    thread.start()
    try:
        site, servers = asyncio.run_coroutine_threadsafe(_started(), loop).result()
        yield site
        asyncio.run_coroutine_threadsafe(_stopped(servers), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _started() -> tuple[Site, list[asyncio.Server]]:
    site = Site("", "")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
            head = await reader.readuntil(b"\r\n\r\n")
            await site.talk_of(head.split(b" ", 2)[1].decode("latin-1"))(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_CERTIFICATE)
    plain = await asyncio.start_server(serve, "127.0.0.1", 0)
    secure = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    site.host = f"127.0.0.1:{plain.sockets[0].getsockname()[1]}"
    site.tls_host = f"127.0.0.1:{secure.sockets[0].getsockname()[1]}"
    return site, [plain, secure]


async def _stopped(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
