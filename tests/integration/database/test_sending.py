"""Each job of a batch is stored with all that it has, whether the others are like it or not."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import SystemClock
from millhand.core.job import NewJob
from millhand.database import Database, Durability

_CLOCK = SystemClock()
_MANY = 300
"""More jobs than PostgreSQL takes by one statement."""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    return f"sqlite:///{tmp_path}/jobs.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.mark.parametrize("count", [1, 70, _MANY])
async def test_a_batch_of_jobs_that_are_alike(url: str, count: int) -> None:
    await _assert_delivered(url, [_job(number, kind="test.alike", tenant="t") for number in range(count)])


@pytest.mark.parametrize("count", [70, _MANY])
async def test_a_batch_of_jobs_of_which_every_third_is_unlike_the_others(url: str, count: int) -> None:
    some = [f"{number % 3}" for number in range(count)]
    batch = [_job(number, kind=f"test.kind{each}", tenant=each) for number, each in enumerate(some)]
    await _assert_delivered(url, batch)


@pytest.mark.parametrize("count", [70, _MANY])
async def test_a_batch_of_jobs_with_keys(url: str, count: int) -> None:
    await _assert_delivered(url, [_job(number, kind="test.keyed", key=f"{number}") for number in range(count)])


async def test_a_batch_with_signs_that_mean_something_to_a_database(url: str) -> None:
    batch = [_job(number, kind="test.signs", tenant="\\N\t\n\r\\.") for number in range(_MANY)]
    await _assert_delivered(url, batch)


def _job(number: int, *, kind: str, tenant: str = "", key: str | None = None) -> NewJob:
    return NewJob(
        id=_CLOCK.new_id(),
        kind=kind,
        args=f'{{"text":"\\\\ \\"{number}\\" \\n"}}',
        queue="q",
        tenant=tenant,
        headers={"traceparent": f"of {tenant}"},
        priority=3,
        key=key,
        max_attempts=7,
        max_crashes=2,
        parent_id="p",
    )


async def _assert_delivered(url: str, batch: Sequence[NewJob]) -> None:
    database = Database.at(url, clock=_CLOCK, durability=Durability.NORMAL)
    broker = SqlBroker(database, queues=["q"], worker="w", lease=60)
    await broker.open()
    try:
        assert [each.id for each in await broker.send(batch)] == [job.id for job in batch]
        assert [stats.queue for stats in await broker.stats()] == ["q"]
        found = {each.job_id: each for each in await broker.receive(len(batch), 0)}
    finally:
        await broker.close()
        await database.close()
    assert len(found) == len(batch)
    for job in batch:
        got, wanted = found[job.id]._asdict(), job._asdict()
        same = got.keys() & wanted.keys()
        assert {name: got[name] for name in same} == {name: wanted[name] for name in same}
