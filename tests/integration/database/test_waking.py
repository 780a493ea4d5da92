"""Waiting for a change of the database: woken at once, across processes, without losing a call."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from millhand.core.clock import SystemClock
from millhand.database import Database
from millhand.database.ears import LoopbackEars, UnixEars, ears
from millhand.database.tables import queues
from tests.support import poll_until


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path}/jobs.db"


@pytest.fixture
async def pair(url: str, tmp_path: Path) -> AsyncIterator[tuple[Database, Database]]:
    """Two of them on one database, as in two processes."""
    both = Database.at(url, clock=SystemClock()), Database.at(url, clock=SystemClock())
    for each in both:
        await each.open()
        await each.waker.wait(0.01)  # the first wait opens the line
        await poll_until(lambda each=each: each.waker.hears_calls)
    yield both
    for each in both:
        await each.close()
    if url.startswith("sqlite"):
        assert list((tmp_path / "jobs.db-wake").iterdir()) == []


async def test_a_call_wakes_at_once(pair: tuple[Database, Database]) -> None:
    here, there = pair
    for caller in (here, there):
        waiting = asyncio.create_task(here.waker.wait(10))
        await asyncio.sleep(0.02)
        begun = time.perf_counter()
        caller.waker.notify()
        assert await waiting
        assert time.perf_counter() - begun < 0.4


async def test_nothing_happens_without_a_call(pair: tuple[Database, Database]) -> None:
    here, _ = pair
    await here.waker.wait(1.2)  # whatever the opening left over
    assert not await here.waker.wait(0.7)


async def test_a_call_before_the_wait_is_not_lost(pair: tuple[Database, Database]) -> None:
    here, there = pair
    ticket = here.waker.ticket
    there.waker.notify()
    begun = time.perf_counter()
    assert await here.waker.wait(10, since=ticket)
    assert time.perf_counter() - begun < 0.2


async def test_the_poll_finds_a_commit_without_a_call(pair: tuple[Database, Database]) -> None:
    here, there = pair
    await here.waker.wait(1.2)
    waiting = asyncio.create_task(here.waker.wait(10))
    await asyncio.sleep(0.01)
    await there.write(lambda connection: connection.execute(sa.insert(queues).values(name="a")))
    begun = time.perf_counter()
    assert await waiting
    assert time.perf_counter() - begun < 4


async def test_a_call_that_fails_costs_nothing_but_the_call(tmp_path: Path) -> None:
    (tmp_path / "jobs.db-wake").write_text("a file in the place of the folder")
    database = Database.at(f"sqlite:///{tmp_path / 'jobs.db'}", clock=SystemClock())
    await database.open()
    for name in "ab":
        new = sa.insert(queues).values(name=name)
        await database.write(lambda connection, new=new: connection.execute(new), calls=True)
    await database.close()


async def test_closing_wakes(pair: tuple[Database, Database]) -> None:
    here, _ = pair
    waiting = asyncio.create_task(here.waker.wait(10))
    await asyncio.sleep(0.02)
    await here.close()
    assert await asyncio.wait_for(waiting, 1)


@pytest.mark.parametrize("family", [UnixEars, LoopbackEars])
def test_an_ear_hears_the_others_but_not_itself(tmp_path: Path, family: type[UnixEars | LoopbackEars]) -> None:
    group = family(tmp_path / "ears")
    group.call(None)
    one, two = group.open(), group.open()
    group.call(one)
    two.socket.settimeout(2)
    assert two.socket.recv(1)
    with pytest.raises(BlockingIOError):
        one.socket.recv(1)
    for _ in range(2_000):  # more than any buffer holds
        group.call(one)
    one.close()
    two.close()
    assert list((tmp_path / "ears").iterdir()) == []


def test_addresses_of_the_dead_are_removed(tmp_path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    dead.bind(str(tmp_path / "1-dead.sock"))
    dead.close()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f"4242-{ended.pid}.port").touch()
    (tmp_path / "4242-99999999999.port").touch()
    (tmp_path / "none-of-ours.port").touch()
    UnixEars(tmp_path).call(None)
    LoopbackEars(tmp_path).call(None)
    assert list(tmp_path.iterdir()) == []


def test_a_path_too_long_for_a_socket_uses_a_port(tmp_path: Path) -> None:
    assert isinstance(ears(Path("/run/ears")), UnixEars)
    assert isinstance(ears(tmp_path / ("long" * 30)), LoopbackEars)
