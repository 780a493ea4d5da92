"""Observers hear what happens to jobs, failures before the broker does, and can't harm the jobs."""

import asyncio
from dataclasses import dataclass, field

import pytest
import structlog.testing

from millhand.core.job import Delivery
from millhand.core.outcome import Cancelled, Completed, Discarded, Outcome, Retry
from millhand.core.settlement import Run, Settlement
from millhand.core.standing import Standing
from millhand.core.state import State
from millhand.telemetry.metrics import Metrics
from millhand.testing.clock import FakeClock
from millhand.worker.holdings import Holdings
from millhand.worker.observers import Observers
from millhand.worker.settler import Settler
from tests.support import poll_until
from tests.unit.core.makers import OOPS, delivery
from tests.unit.worker.brokers import Accepting
from tests.unit.worker.makers import held, holdings_of

RUN = Run(started_at=1, finished_at=2, executor="executor-1")
LOST = Standing(id="b", kind="test.echo", queue="default", state=State.DISCARDED, args="{}")


@dataclass
class Onlooker:
    """Notes what it hears; a failure may go on only through its gate."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[str] = field(default_factory=list[str])
    broken: bool = False

    def began(self, delivery: Delivery, at: int) -> None:
        self._hear(f"began {delivery.job_id} at {at}")

    async def failing(self, settlement: Settlement) -> None:
        self._hear(f"failing {settlement.delivery.job_id}: {settlement.state}")
        await self.gate.wait()

    def settled(self, settlement: Settlement) -> None:
        self._hear(f"settled {settlement.delivery.job_id}: {settlement.state}")

    async def given_up(self, standing: Standing) -> None:
        self._hear(f"given up {standing.id}")

    def _hear(self, words: str) -> None:
        self.heard.append(words)
        if self.broken:
            raise ZeroDivisionError


@dataclass
class Parts:
    """A settler with an observer."""

    onlooker: Onlooker
    broker: Accepting
    holdings: Holdings
    settler: Settler


@pytest.fixture
def parts() -> Parts:
    clock, broker, onlooker = FakeClock(), Accepting(), Onlooker()
    holdings = holdings_of(clock)
    settler = Settler(broker, holdings, clock, Metrics(), dict, lambda: 0.5, Observers([onlooker]))
    return Parts(onlooker, broker, holdings, settler)


@pytest.mark.parametrize("outcome", [Discarded(OOPS), Cancelled("no longer wanted")])
async def test_a_failure_for_good_is_told_before_the_broker_hears_of_it(parts: Parts, outcome: Outcome) -> None:
    (job,) = held(parts.holdings, "a")
    parts.settler.put(job, outcome, RUN)
    await poll_until(lambda: parts.onlooker.heard)
    await parts.settler.turn()
    assert (parts.broker.settled, parts.settler.idle, job in parts.holdings) == ([], False, True)
    parts.onlooker.gate.set()
    await _told(parts)
    state = parts.broker.settled[0].state
    assert parts.onlooker.heard == [f"failing a: {state}", f"settled a: {state}"]


@pytest.mark.parametrize("outcome", [Completed(), Retry(OOPS)])
async def test_what_is_no_failure_for_good_waits_for_nobody(parts: Parts, outcome: Outcome) -> None:
    (job,) = held(parts.holdings, "a")
    parts.settler.put(job, outcome, RUN)
    await parts.settler.turn()
    assert [words.partition(" ")[0] for words in parts.onlooker.heard] == ["settled"]


async def test_a_lease_that_is_lost_meanwhile_is_only_let_go(parts: Parts) -> None:
    (job,) = held(parts.holdings, "a")
    parts.settler.put(job, Discarded(OOPS), RUN)
    await poll_until(lambda: parts.onlooker.heard)
    job.lost = True
    parts.onlooker.gate.set()
    await poll_until(lambda: len(parts.holdings) == 0)
    await parts.settler.turn()
    assert parts.broker.settled == []


async def test_who_is_still_telling_at_the_end_is_stopped(parts: Parts) -> None:
    (job,) = held(parts.holdings, "a")
    parts.settler.put(job, Discarded(OOPS), RUN)
    await poll_until(lambda: parts.onlooker.heard)
    await parts.settler.close()
    assert (parts.broker.settled, job in parts.holdings) == ([], True)


async def test_a_broken_observer_changes_nothing_for_the_job(parts: Parts) -> None:
    parts.onlooker.broken = True
    (job,) = held(parts.holdings, "a")
    with structlog.testing.capture_logs() as logged:
        parts.settler.put(job, Discarded(OOPS), RUN)
        await _told(parts)
        Observers([parts.onlooker]).began(delivery(), 7)
        await Observers([parts.onlooker]).given_up(LOST)
    assert [each.state for each in parts.broker.settled] == [State.DISCARDED]
    assert {line["event"] for line in logged} == {"an observer failed"}
    assert len(logged) == 4


async def _told(parts: Parts) -> None:
    """Turn until the broker has heard of the job."""

    async def turned() -> bool:
        await parts.settler.turn()
        return parts.settler.idle

    await poll_until(turned)
