"""Wakes whoever waits for a change of the database: at once, even across processes, and by a slow poll as the net."""

import asyncio

from millhand.database.lines import Line


class Waker:
    """Tells that something in the database changed which others may wait for.

    To lose no call, note `ticket` before looking at the database, and pass it to `wait`.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._listening = False
        self._changed = asyncio.Event()
        self._closed = False
        self.ticket = 0

    @property
    def hears_calls(self) -> bool:
        """Whether calls of other processes are heard; if not, waiters look at the database every so often."""
        return self._listening and self._line.listening

    def notify(self) -> None:
        """Wake every waiter on this database; called after the commit that they should see."""
        self.wake()
        self.call()

    def call(self) -> None:
        """Wake the waiters in other processes; from any thread."""
        self._line.call()

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
            called = await self._called_within(min(remaining, self._line.poll))
            if not called and loop.time() < deadline and await self._line.changed():
                self.wake()
        return True

    async def close(self) -> None:
        """Wake all waiters for good, and stop listening."""
        self._closed = True
        self.wake()
        if self._listening:
            self._listening = False
            await self._line.close()

    async def _listen(self) -> None:
        if self._listening or self._closed:
            return
        self._listening = True
        await self._line.open(self.wake)
        # What came before the line was open was not heard: let the waiter look once more.
        self.wake()

    async def _called_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True
