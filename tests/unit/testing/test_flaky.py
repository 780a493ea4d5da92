"""A broker that can be cut off: calls fail while it is, and what is inside is untouched."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import SystemClock
from millhand.core.errors import BrokerUnavailable
from millhand.core.job import NewJob
from millhand.core.ports import CancelResult
from millhand.database import Database, Durability
from millhand.testing.flaky import FlakyBroker

JOB = NewJob(id="a", kind="k", args="{}")


@pytest.fixture
async def flaky(tmp_path: Path) -> AsyncGenerator[FlakyBroker]:
    database = Database.at(f"sqlite:///{tmp_path}/q.db", clock=SystemClock(), durability=Durability.NORMAL)
    broker = FlakyBroker(SqlBroker(database, queues=(), worker="w1", lease=30.0))
    await broker.open()
    yield broker
    await broker.close()
    await database.close()


async def test_calls_pass_while_it_is_connected(flaky: FlakyBroker) -> None:
    await flaky.send([JOB])
    (delivery,) = await flaky.receive(5, 0)
    assert await flaky.extend([delivery], 30) == [True]
    assert await flaky.cancel("nobody") is CancelResult.UNKNOWN
    assert [stats.running for stats in await flaky.stats()] == [1]
    assert await flaky.settle([]) == []
    assert flaky.capabilities.history
    assert flaky.refused == 0


async def test_every_call_fails_while_it_is_cut_off(flaky: FlakyBroker) -> None:
    flaky.cut()
    calls = (
        flaky.send([JOB]), flaky.receive(1, 0), flaky.extend([], 1), flaky.settle([]), flaky.cancel("a"), flaky.stats()
    )  # fmt: skip
    for call in calls:
        with pytest.raises(BrokerUnavailable):
            await call
    assert flaky.refused == 6
    flaky.mend()
    assert await flaky.receive(1, 0) == []


async def test_a_lost_answer_took_effect(flaky: FlakyBroker) -> None:
    flaky.lose_answers(1)
    with pytest.raises(BrokerUnavailable, match="before the answer came"):
        await flaky.send([JOB])
    assert [each.job_id for each in await flaky.receive(1, 0)] == ["a"]
