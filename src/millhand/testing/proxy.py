"""A TCP proxy for tests of outages: what passes through it can be stalled, stranded, cut, and led to another server."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

_HOST = "127.0.0.1"
_CHUNK = 64 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Passes on every connection to its port to a port of the loopback.

    `accepted` counts the connections, `asked` the pieces that came from the near end: about one for each request.
    """

    def __init__(self, target: int) -> None:
        self.accepted = 0
        self.asked = 0
        self._target = target
        self._links: set[_Link] = set()
        self._flowing = _open_gate()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the proxy is not open")
        return self._server.sockets[0].getsockname()[1]

    @property
    def connections(self) -> int:
        """How many connections there are now, those included whose ends do not know that they are dead."""
        return len(self._links)

    async def open(self) -> None:
        """Begin to listen on a free port."""
        self._server = await asyncio.start_server(self._accept, _HOST, 0)

    async def close(self) -> None:
        """Cut all connections and listen no more. Calling it twice is harmless."""
        if self._server is None:
            return
        self._server.close()
        links = list(self._links)
        self.cut()
        await asyncio.gather(*(link.task for link in links), return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def stall(self) -> None:
        """From now on nothing passes, in no direction; connections stay open, and new ones are taken and left waiting.

        Neither end hears that the other closes, which is what a network does that drops all packets.
        """
        self._flowing.clear()

    def resume(self) -> None:
        """Let everything pass that was stalled, and what follows."""
        self._flowing.set()

    def strand(self) -> None:
        """Nothing passes on the present connections ever again, and nobody is told; new connections work."""
        for link in self._links:
            link.flowing = asyncio.Event()

    def cut(self) -> None:
        """Reset all present connections at both ends."""
        for link in list(self._links):
            link.reset()

    def lead_to(self, target: int) -> None:
        """Lead new connections to another port."""
        self._target = target

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        link = _Link(self._flowing, task, [writer], self._count)
        self._links.add(link)
        try:
            await link.join(reader, writer, self._target)
        except* OSError:  # one end is gone
            pass
        except* asyncio.CancelledError:  # it was reset; nobody else cancels it
            pass
        finally:
            link.hang_up()
            self._links.discard(link)

    def _count(self) -> None:
        self.asked += 1


@dataclass(eq=False, slots=True)
class _Link:
    """One connection, from end to end."""

    flowing: asyncio.Event
    task: asyncio.Task[None]
    writers: list[asyncio.StreamWriter]
    asked: Callable[[], None]

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
        await self.flowing.wait()
        far_reader, far_writer = await asyncio.open_connection(_HOST, target)
        self.writers.append(far_writer)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pump(reader, far_writer, self.asked))
            both.create_task(self._pump(far_reader, writer, _uncounted))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, passed: Callable[[], None]) -> None:
        data = await source.read(_CHUNK)
        while data:
            await self.flowing.wait()
            passed()
            sink.write(data)
            await sink.drain()
            data = await source.read(_CHUNK)
        await self.flowing.wait()
        sink.close()

    def reset(self) -> None:
        self.hang_up()
        self.task.cancel()

    def hang_up(self) -> None:
        for writer in self.writers:
            with contextlib.suppress(OSError):  # closed already
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            writer.transport.abort()


def _uncounted() -> None:
    pass


def _open_gate() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


@asynccontextmanager
async def proxy_to(target: int) -> AsyncGenerator[Proxy]:
    """An open proxy to a port of the loopback, closed at the end."""
    proxy = Proxy(target)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
