"""Wakes whoever waits for a change of the database: at once, even across processes, and by a slow poll as the net."""

import asyncio
from collections.abc import Awaitable, Callable

from millhand.database.ears import Ear, Ears

POLL = 0.5
"""Seconds between two looks at the database's version, for a call that was lost."""


class Waker:
    """Tells that something in the database changed which others may wait for.

    To lose no call, note `ticket` before looking at the database, and pass it to `wait`.
    """

    def __init__(self, ears: Ears | None, version: Callable[[], Awaitable[int]]) -> None:
        self._ears = ears
        self._version = version
        self._seen_version: int | None = None
        self._ear: Ear | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._changed = asyncio.Event()
        self._closed = False
        self.ticket = 0

    def notify(self) -> None:
        """Wake every waiter on this database; called after the commit that they should see."""
        self.wake()
        if self._ears is not None:
            self._ears.call(self._ear)

    def wake(self) -> None:
        """Wake the waiters in this process."""
        self.ticket += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, timeout: float, *, since: int | None = None) -> bool:  # noqa: ASYNC109 - not a deadline: the answer tells
        """Wait up to `timeout` seconds for a call after the ticket `since` (default: now); False if none came."""
        since = self.ticket if since is None else since
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        await self._listen()
        while self.ticket == since and not self._closed:
            remaining = deadline - loop.time()
            if remaining <= 0:
                return False
            if not await self._called_within(min(remaining, POLL)):
                await self._look()
        return True

    async def close(self) -> None:
        """Wake all waiters for good, and stop listening."""
        self._closed = True
        self.wake()
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._ear is not None:
            self._ear.close()
            self._ear = None

    async def _listen(self) -> None:
        if self._ear is not None or self._ears is None or self._closed:
            return
        self._ear = ear = self._ears.open()
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Calls(self.wake), sock=ear.socket)
        self._seen_version = await self._version()
        # What came before the ear was open was not heard: let the waiter look once more.
        self.wake()

    async def _called_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _look(self) -> None:
        version = await self._version()
        if version != self._seen_version:
            self._seen_version = version
            self.wake()


class _Calls(asyncio.DatagramProtocol):
    def __init__(self, called: Callable[[], None]) -> None:
        self._called = called

    def datagram_received(self, data: bytes, addr: object) -> None:
        del data, addr
        self._called()

    def error_received(self, exc: Exception) -> None:
        """Ignore that a peer went away: only calls matter."""
        del exc
