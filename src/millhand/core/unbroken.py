"""Work that a cancelled caller does not break off half-way: what it brings is handed back."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from millhand.core.errors import MillhandError

T = TypeVar("T")


class Unbroken:
    """Looks for jobs that lease them. One that was broken off could leave a lease that nobody knows of."""

    def __init__(self) -> None:
        self._handing_back: set[asyncio.Task[None]] = set()

    async def run(self, look: Coroutine[Any, Any, T], hand_back: Callable[[T], Awaitable[None]]) -> T:
        """What the look brings; if the caller is cancelled meanwhile, it goes on, and `hand_back` is given that.

        If that fails with an error of ours, nobody hears of it: the leases run out, and others take the jobs.
        """
        looking = asyncio.ensure_future(look)
        try:
            return await asyncio.shield(looking)
        except asyncio.CancelledError:
            task = asyncio.create_task(_handed_back(looking, hand_back), name="hand back")
            self._handing_back.add(task)
            task.add_done_callback(self._handing_back.discard)
            raise

    async def end(self) -> None:
        """Wait for what is being handed back."""
        if self._handing_back:
            await asyncio.wait(self._handing_back)


async def _handed_back(looking: "asyncio.Future[T]", hand_back: Callable[[T], Awaitable[None]]) -> None:
    with contextlib.suppress(MillhandError):
        await hand_back(await looking)
