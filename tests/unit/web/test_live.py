"""Telling watchers what changed, by a ledger of which the test says what it shows next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from millhand.core.clock import SystemClock
from millhand.core.errors import BrokerUnavailable
from millhand.ledger.inspector.changes import Changes, Mark
from millhand.web.live import EVERYTHING, Hub, Watcher
from millhand.web.problems import Refused
from tests.support import poll_until

SOON = 5.0


@dataclass
class Ledger:
    """Shows one change after the other; None stands for an outage."""

    coming: list[Changes | None] = field(default_factory=list)
    looks: int = 0

    async def look(self, since: Mark | None) -> Changes:
        self.looks += 1
        if since is None or not self.coming:
            return Changes(Mark())
        change = self.coming.pop(0)
        if change is None:
            raise BrokerUnavailable("the database is away")
        return change


@dataclass
class Stage:
    ledger: Ledger
    hub: Hub

    async def looked_again(self) -> None:
        """Wait until what was coming has been told."""
        looks = self.ledger.looks
        await poll_until(lambda: self.ledger.looks >= looks + 2)

    async def quiet(self, *watchers: Watcher) -> None:
        """Have watchers take what they are told at first."""
        await self.looked_again()
        for watcher in watchers:
            await watcher.next(0.0)


def changed(*jobs: str, others: frozenset[str] = frozenset(), more: bool = False) -> Changes:
    return Changes(Mark(), frozenset(jobs), others, more=more)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    ledger = Ledger()
    hub = Hub(ledger.look, SystemClock(), every=0.01)
    running = asyncio.create_task(hub.run())
    yield Stage(ledger, hub)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_all_who_watch_are_told_by_one_look(stage: Stage) -> None:
    with stage.hub.watching() as one, stage.hub.watching() as other:
        for watcher in (one, other):
            news = await watcher.next(SOON)
            assert news is not None
            assert news.names == {EVERYTHING}
        await stage.quiet(one, other)
        stage.ledger.coming = [changed("a", others=frozenset({"queues"}))]
        for watcher in (one, other):
            news = await watcher.next(SOON)
            assert news is not None
            assert news.names == {"jobs", "job:a", "queues"}


async def test_nobody_looks_while_nobody_watches(stage: Stage) -> None:
    await asyncio.sleep(0.05)
    assert stage.ledger.looks == 0


async def test_one_who_watches_a_job_hears_of_that_alone(stage: Stage) -> None:
    with stage.hub.watching("job:a") as watcher:
        await stage.quiet(watcher)
        stage.ledger.coming = [changed("b"), changed("a", "b")]
        news = await watcher.next(SOON)
        assert news is not None
        assert news.names == {"job:a"}
        assert await watcher.next(0.05) is None


@pytest.mark.parametrize("flood", [[changed(*map(str, range(300)))], [changed("a", more=True)], [None]])
async def test_too_much_or_an_outage_means_everything(stage: Stage, flood: list[Changes | None]) -> None:
    with stage.hub.watching() as watcher:
        await stage.quiet(watcher)
        stage.ledger.coming = flood
        news = await watcher.next(SOON)
        assert news is not None
        assert news.names == {EVERYTHING}


async def test_who_is_slow_is_told_all_at_once_and_never_too_much(stage: Stage) -> None:
    with stage.hub.watching() as watcher:
        await watcher.next(SOON)
        stage.ledger.coming = [changed(*(f"{batch}-{number}" for number in range(150))) for batch in range(3)]
        await poll_until(lambda: not stage.ledger.coming)
        await stage.looked_again()
        news = await watcher.next(SOON)
        assert news is not None
        assert news.names == {EVERYTHING}


async def test_closing_ends_all_and_lets_nobody_in(stage: Stage) -> None:
    with stage.hub.watching() as watcher:
        await watcher.next(SOON)
        stage.hub.close()
        await watcher.next(SOON)
        assert watcher.over
    with pytest.raises(Refused), stage.hub.watching():
        pass
