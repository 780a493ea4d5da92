"""Passes what running attempts report on to the ledger, in batches, without ever making them wait."""

from collections import deque

from millhand.core.clock import Clock
from millhand.core.events import Event, Progress
from millhand.core.ports import Ledger
from millhand.worker.loop import Loop

_MOST_WAITING = 20_000
_BATCH = 2_000


class Reporter(Loop):
    """Records events. When the ledger can't keep up, progress is dropped first; log lines only beyond the bound."""

    name = "reporter"

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        super().__init__(clock, every=0.5)
        self._ledger = ledger
        self._waiting: deque[Event] = deque()
        self._under_way: list[Event] = []
        self.dropped = 0

    def put(self, event: Event) -> None:
        """Take an event."""
        if len(self._waiting) >= _MOST_WAITING // 2 and isinstance(event, Progress):
            self.dropped += 1
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(event)
        if len(self._waiting) == 1:
            self.rouse()

    async def turn(self) -> None:
        """Record what waits."""
        while self._under_way or self._waiting:
            if not self._under_way:
                self._under_way = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            await self._ledger.record(self._under_way)
            self._under_way = []
