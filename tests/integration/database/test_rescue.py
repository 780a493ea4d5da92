"""A machine that sleeps at the worst moment: a worker has renewed its leases, and is about to look for what is left."""

import asyncio
import threading
from pathlib import Path

from millhand.brokers.sql import SqlBroker
from millhand.core.job import NewJob
from millhand.database import Database
from millhand.testing.clock import FakeClock

LEASE = 15.0


async def test_what_expires_while_a_rescue_waits_for_its_turn_is_left_alone(tmp_path: Path) -> None:
    clock = FakeClock()
    database = Database.at(f"sqlite:///{tmp_path}/jobs.db", clock=clock)
    broker = SqlBroker(database, queues=[], worker="sleeper", lease=LEASE)
    await broker.open()
    await broker.send([NewJob(id="a", kind="test.kind", args="{}")])
    [held] = await broker.receive(1, 0)

    busy = threading.Event()
    writing = asyncio.create_task(database.write(lambda _: _wait_for(busy)))
    await asyncio.sleep(0)  # it is handed in first
    rescue = asyncio.create_task(broker.rescue())
    await asyncio.sleep(0)
    clock.advance(LEASE + 1)
    busy.set()
    await writing
    assert await rescue == 0
    assert await broker.extend([held], LEASE) == [True]
    await broker.close()
    await database.close()


def _wait_for(event: threading.Event) -> None:
    event.wait(30)
