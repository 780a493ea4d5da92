"""The page of failures when there are more groups than it shows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from millhand import App
from millhand.brokers.sql import SqlBroker
from millhand.config import Settings
from millhand.database import Database, Durability
from millhand.telemetry.metrics import Metrics
from millhand.web.pulse import Pulse
from millhand.web.serve import HttpServer
from millhand.web.site import open_site
from tests.integration.dashboard.conftest import Visitor, text
from tests.integration.ledger.support import Factory, MovableClock
from tests.integration.web.conftest import Served

SHOWN = 30


@pytest.fixture
async def factory(tmp_path: Path) -> AsyncIterator[Factory]:
    """What makes jobs that have failed, one after another."""
    clock = MovableClock()
    url = f"sqlite:///{tmp_path}/millhand.db"
    database = Database.at(url, clock=clock, durability=Durability.NORMAL, server_clock=clock)
    await database.open()
    broker = SqlBroker(database, queues=(), worker="worker-1", lease=1e9)
    await broker.open()
    yield Factory(broker, clock)
    await broker.close()
    await database.close()


async def page(folder: Path) -> str:
    """What the page says."""
    settings = Settings(database=f"sqlite:///{folder}/millhand.db", data_dir=folder)
    async with App(settings=settings) as app:
        site = await open_site(app, Pulse((await app.backend()).inspector.workers, app.clock), Metrics())
        async with HttpServer(site.asgi, "127.0.0.1", 0) as server:
            visitor = Visitor(Served(folder, server.port))
            return text(await asyncio.to_thread(visitor.get, "/failures"))


async def test_those_that_failed_last_are_shown_and_it_says_so(factory: Factory, tmp_path: Path) -> None:
    for number in range(SHOWN - 1):
        await factory.discarded(f"broken{'!' * number};")
    assert "that failed last" not in await page(tmp_path)
    for number in range(SHOWN - 1, SHOWN + 2):
        await factory.discarded(f"broken{'!' * number};")
    said = await page(tmp_path)
    assert f"These are the {SHOWN} groups that failed last; the command line shows up to a hundred." in said
    assert "millhand failures list --limit 100" in said
    assert said.count("broken!") == SHOWN
    assert f"broken{'!' * (SHOWN + 1)};" in said, "the last one"
    assert "broken!;" not in said, "the second one"
