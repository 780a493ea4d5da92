"""A small periodic part of a worker, such as its schedules, retention, or its own row in the ledger."""

from collections.abc import Awaitable, Callable

from millhand.core.clock import Clock
from millhand.worker.loop import Loop


class Chore(Loop):
    """Does one thing every so often. What it does is given to it, so it knows neither broker nor ledger.

    One that is `to_the_end` goes on while the worker drains.
    """

    def __init__(
        self, name: str, do: Callable[[], Awaitable[object]], clock: Clock, every: float, *, to_the_end: bool = False
    ) -> None:
        self.name = name
        super().__init__(clock, every)
        self._do = do
        self.to_the_end = to_the_end

    async def turn(self) -> None:
        """Do it once."""
        await self._do()
