"""The broker's exact promises, kept among real processes on one database."""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from millhand.core.fairness import Caps
from millhand.core.job import NewJob
from millhand.testing.contract.harness import FullBroker, Opener, drain
from millhand.testing.contract.sql import PostgresHarness, SqlHarness, SqliteHarness

pytestmark = pytest.mark.usefixtures("uncounted")

SPAWN = multiprocessing.get_context("spawn")
PROCESSES = 3
Work = Callable[[FullBroker, list[NewJob]], Coroutine[Any, Any, list[Any]]]


@pytest.fixture(params=["sqlite", "postgres"])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlHarness]:
    if request.param == "sqlite":
        yield SqliteHarness(f"sqlite:///{tmp_path}/jobs.db")
        return
    harness = PostgresHarness(request.getfixturevalue("postgres").url())
    yield harness
    harness.drop()


async def hold_all(broker: FullBroker, jobs: list[NewJob]) -> list[tuple[str, str]]:
    got = [each for _ in range(20) for each in await broker.receive(3, 0.05)]
    return [(each.job_id, each.tenant) for each in got]


async def send_all(broker: FullBroker, jobs: list[NewJob]) -> list[tuple[str, bool]]:
    answers = await asyncio.gather(*(broker.send([job]) for job in jobs))
    return [(sent.id, sent.duplicate) for answer in answers for sent in answer]


async def test_limits_hold_among_processes(harness: SqlHarness) -> None:
    async with harness.broker() as broker:
        await broker.set_caps("default", Caps(queue=9, tenant=4, limit_key=1))
        await broker.send([harness.job(tenant="a") for _ in range(50)])
        await broker.send([harness.job(tenant="b", limit_key="k") for _ in range(50)])
        await broker.send([harness.job(tenant="c") for _ in range(50)])
        got = await race(harness, hold_all, [[]] * PROCESSES)
        assert Counter(tenant for _, tenant in got) == {"a": 4, "b": 1, "c": 4}
        assert len({job_id for job_id, _ in got}) == 9


async def test_b60_a_key_is_taken_once_among_processes(harness: SqlHarness) -> None:
    async with harness.broker() as broker:
        batches = [[harness.job(key="same") for _ in range(12)] for _ in range(PROCESSES)]
        got = await race(harness, send_all, batches)
        assert [duplicate for _, duplicate in got].count(False) == 1
        assert len({job_id for job_id, _ in got}) == 1
        assert len(await drain(broker, harness)) == 1


async def race(harness: SqlHarness, work: Work, inputs: list[list[NewJob]]) -> list[Any]:
    """Let several processes do the same at the same time; returns all that they found."""
    pipes, processes = [], []
    for number, given in enumerate(inputs):
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=compete, args=(harness.opener(f"w{number}"), work, given, theirs))
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    assert [await asyncio.to_thread(pipe.recv) for pipe in pipes] == ["ready"] * len(inputs)
    for pipe in pipes:
        pipe.send("go")
    found = [each for pipe in pipes for each in await asyncio.to_thread(pipe.recv)]
    for pipe, process in zip(pipes, processes, strict=True):
        await asyncio.to_thread(process.join)
        process.close()
        pipe.close()
    return found


def compete(opener: Opener, work: Work, given: list[NewJob], pipe: Connection) -> None:
    """In a process of its own."""
    asyncio.run(_compete(opener, work, given, pipe))


async def _compete(opener: Opener, work: Work, given: list[NewJob], pipe: Connection) -> None:
    async with opener() as broker:
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)
        pipe.send(await work(broker, given))
