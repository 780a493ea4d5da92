"""One call for all who ask at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """A call of which one is under way at a time; its answer, or its failure, goes to all who wait for it."""

    def __init__(self, call: Callable[[], Awaitable[T]]) -> None:
        self._call = call
        self._under_way: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        """Call, or wait for the call under way. Whoever stops waiting does not end it for the others."""
        if self._under_way is None:
            self._under_way = asyncio.ensure_future(self._call())
            self._under_way.add_done_callback(self._ended)
        return await asyncio.shield(self._under_way)

    async def stop(self) -> None:
        """End the call under way. Calling it twice, or without one, is harmless."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.wait([self._under_way])

    def _ended(self, call: "asyncio.Future[T]") -> None:
        self._under_way = None
        if not call.cancelled():
            call.exception()  # it may be that nobody waits any more
