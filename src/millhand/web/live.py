"""Telling who watches what has changed: one look at the ledger for all of them, as long as anybody watches."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog

from millhand.core.clock import Clock
from millhand.core.errors import MillhandError
from millhand.ledger.inspector.changes import Changes, Mark
from millhand.web.problems import Refused

EVERYTHING = "all"
"""The name that stands for all: look at everything again."""

_LOOK_EVERY = 0.5
_MOST_NAMED = 200
_REMEMBERED = 256
_MOST_WATCHERS = 900

Look = Callable[[Mark | None], Awaitable[Changes]]

_log = structlog.get_logger("millhand.web")


@dataclass(frozen=True, slots=True)
class News:
    """What has changed, by name: `jobs`, `job:ID`, `queues`, `workers`, `schedules`. `id` is what to resume after."""

    id: str
    names: frozenset[str]


class Watcher:
    """One who watches; what it has not taken yet is kept as a set of names, which can't grow without bound."""

    def __init__(self, wanted: str | None) -> None:
        self._wanted = wanted
        self._names: set[str] = set()
        self._id = ""
        self._come = asyncio.Event()
        self.over = False
        """Whether nothing more will come."""

    def tell(self, news: News) -> None:
        """Note what it will be told next."""
        names = news.names if self._wanted is None else news.names & {self._wanted, EVERYTHING}
        if names:
            both = self._names | names
            self._names = {EVERYTHING} if EVERYTHING in both or len(both) > _MOST_NAMED else both
            self._id = news.id
            self._come.set()

    def end(self) -> None:
        """Have it stop waiting."""
        self.over = True
        self._come.set()

    async def next(self, within: float) -> News | None:
        """What has changed since it was asked last; None if nothing did within so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._come.wait(), within)
        if not self.over:
            self._come.clear()
        names, self._names = frozenset(self._names), set[str]()
        return News(self._id, names) if names else None


class Hub:
    """Looks for changes, `every` so many seconds while there are watchers, and tells them."""

    def __init__(self, look: Look, clock: Clock, *, every: float = _LOOK_EVERY) -> None:
        self._look = look
        self._every = every
        self._clock = clock
        self._watchers: set[Watcher] = set()
        self._wanted = asyncio.Event()
        self._past: deque[tuple[int, frozenset[str]]] = deque(maxlen=_REMEMBERED)
        self._epoch = clock.new_id()[-12:]
        self._number = 0
        self._closed = False

    @contextmanager
    def watching(self, wanted: str | None = None, *, after: str | None = None) -> Generator[Watcher]:
        """Watch all names, or the `wanted` one, after the news with that id.

        Who does not say, or comes back too late, is told first to look at everything.
        """
        if self._closed or len(self._watchers) >= _MOST_WATCHERS:
            raise Refused(503, "too many are watching already", code="too_many_watchers", hint="Ask now and then.")
        watcher = Watcher(wanted)
        watcher.tell(self._since(after))
        self._watchers.add(watcher)
        self._wanted.set()
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    async def run(self) -> None:
        """Look and tell, until cancelled."""
        while True:
            await self._wanted.wait()
            mark: Mark | None = None
            while self._watchers:
                mark = await self._turn(mark)
                await asyncio.sleep(self._every)
            self._wanted.clear()
            self._epoch = self._clock.new_id()[-12:]  # what happens unwatched is not remembered
            self._past.clear()

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for watcher in self._watchers:
            watcher.end()

    async def _turn(self, mark: Mark | None) -> Mark | None:
        try:
            changes = await self._look(mark)
        except MillhandError as error:
            _log.warning("can't look for changes", error=error.message)
            return None
        # After an outage nobody knows what was missed; who has just begun to watch may have missed it as well.
        names = {EVERYTHING} if mark is None else _names(changes)
        if names:
            self._number += 1
            self._past.append((self._number, frozenset(names)))
            news = News(f"{self._epoch}-{self._number}", frozenset(names))
            for watcher in self._watchers:
                watcher.tell(news)
        return changes.mark

    def _since(self, after: str | None) -> News:
        epoch, _, number = (after or "").rpartition("-")
        known = epoch == self._epoch and number.isdecimal()
        missed = [names for at, names in self._past if known and at > int(number)]
        complete = known and (not self._past or self._past[0][0] <= int(number) + 1)
        names = frozenset[str]().union(*missed) if complete else frozenset({EVERYTHING})
        return News(f"{self._epoch}-{self._number}", names)


def _names(changes: Changes) -> Collection[str]:
    named = {f"job:{job_id}" for job_id in changes.jobs}
    if changes.more or len(named) > _MOST_NAMED - len(changes.others) - 1:
        return {EVERYTHING}
    return {*changes.others, *named, *(["jobs"] if named else [])}
