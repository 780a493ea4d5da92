"""How processes on one database call one another: what a waker needs of it, and the way it is done beside a file."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from millhand.database.ears import Ear, Ears

_POLL = 0.5


class Line(Protocol):
    """A way to call all processes that work on the same database."""

    @property
    def poll(self) -> float:
        """Seconds between two looks at the database, for a call that was lost."""
        ...

    @property
    def listening(self) -> bool:
        """Whether calls are heard now."""
        ...

    async def open(self, called: Callable[[], None]) -> None:
        """Listen; `called` is run in this event loop whenever another process calls."""
        ...

    def call(self) -> None:
        """Call all other processes, from any thread; it need not listen itself."""
        ...

    async def changed(self) -> bool:
        """Whether the database may have changed since the last look."""
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...


class FileLine:
    """Datagrams between processes on one machine, and SQLite's count of commits by others."""

    poll = _POLL

    def __init__(self, ears: Ears, version: Callable[[], Awaitable[int]]) -> None:
        self._ears = ears
        self._version = version
        self._seen: int | None = None
        self._ear: Ear | None = None
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def listening(self) -> bool:
        """Whether its socket is open."""
        return self._ear is not None

    async def open(self, called: Callable[[], None]) -> None:
        """Listen on a socket of its own."""
        self._ear = self._ears.open()
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Calls(called), sock=self._ear.socket)
        self._seen = await self._version()

    def call(self) -> None:
        """Send a datagram to everybody else."""
        self._ears.call(self._ear)

    async def changed(self) -> bool:
        """Whether another connection has committed since the last look."""
        version, seen = await self._version(), self._seen
        self._seen = version
        return version != seen

    async def close(self) -> None:
        """Close the socket, and take its address away."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._ear is not None:
            self._ear.close()
            self._ear = None


class _Calls(asyncio.DatagramProtocol):
    def __init__(self, called: Callable[[], None]) -> None:
        self._called = called

    def datagram_received(self, data: bytes, addr: object) -> None:
        del data, addr
        self._called()

    def error_received(self, exc: Exception) -> None:
        """Ignore that a peer went away: only calls matter."""
        del exc
