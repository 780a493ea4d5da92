"""B30 to B36: a broker opens, waits, fails, recovers and closes without leaving anything behind."""

import asyncio
import threading
import time

import pytest

from millhand.core.errors import BrokerUnavailable
from millhand.core.job import Delivery
from millhand.testing.contract.harness import LEASE, BrokerHarness, Clauses, drain

_A_LONG_TIME = 30.0
_SOON = 5.0


class LifeCycleClauses(Clauses):
    """Life-cycle: required of every broker."""

    async def test_b30_open_and_close_can_be_repeated(self, harness: BrokerHarness) -> None:
        """Closing before opening, and doing either twice, is harmless."""
        broker = harness.attached(queues=(), lease=LEASE)
        await broker.close()
        await broker.open()
        await broker.open()
        await broker.send([harness.job()])
        await broker.close()
        await broker.close()
        with pytest.raises(BrokerUnavailable):
            await broker.receive(1, 0)
        await broker.open()
        assert len(await broker.receive(1, 0)) == 1
        await broker.close()
        await harness.detach()

    async def test_b31_receive_returns_when_closed(self, harness: BrokerHarness) -> None:
        """A waiting receive ends with nothing, at once."""
        async with harness.broker() as broker:
            waiting = asyncio.create_task(broker.receive(1, _A_LONG_TIME))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            await broker.close()
            assert await asyncio.wait_for(waiting, _SOON) == []

    async def test_b31_a_cancelled_receive_loses_no_job(self, harness: BrokerHarness) -> None:
        """Whatever moment the caller is cancelled at, the job stays to be had, and is charged nothing."""
        async with harness.broker() as broker:
            await broker.send([harness.job()])
            for pause in (0.0, 0.0002, 0.0005, 0.001, 0.002, 0.004):
                receiving = asyncio.create_task(broker.receive(1, 0))
                await asyncio.sleep(pause)
                receiving.cancel()
                for delivery in await _result_or_nothing(receiving):
                    await broker.settle([harness.released(delivery)])
            [delivery] = await broker.receive(1, _SOON)
            assert delivery.attempt == 1

    async def test_b32_an_outage_is_said_in_our_words(self, harness: BrokerHarness) -> None:
        """Every call that must write fails with BrokerUnavailable and a hint, never with a driver's exception."""
        async with harness.broker() as broker:
            await broker.send([harness.job(), harness.job()])
            [held] = await broker.receive(1, 0)
            async with harness.outage():
                answers = await asyncio.gather(
                    broker.send([harness.job()]),
                    broker.receive(1, 0),
                    broker.extend([held], 1.0),
                    broker.settle([harness.completed(held)]),
                    broker.cancel(held.job_id),
                    broker.rescue(),
                    return_exceptions=True,
                )
            for answer in answers:
                assert isinstance(answer, BrokerUnavailable), answer
                assert answer.hint

    async def test_b33_it_recovers_from_an_outage(self, harness: BrokerHarness) -> None:
        """Afterwards the same broker goes on: a held job can be settled, and each waiting one is delivered once."""
        jobs = [harness.job() for _ in range(20)]
        async with harness.broker() as broker:
            await broker.send(jobs)
            [held] = await broker.receive(1, 0)
            async with harness.outage():
                with pytest.raises(BrokerUnavailable):
                    await broker.settle([harness.completed(held)])
                with pytest.raises(BrokerUnavailable):
                    await broker.receive(5, 0)
            assert await broker.settle([harness.completed(held)]) == [True]
            rest = await drain(broker, harness)
            assert sorted(each.job_id for each in rest) == sorted(job.id for job in jobs if job.id != held.job_id)

    async def test_b34_nothing_is_left_behind(self, harness: BrokerHarness) -> None:
        """After closing there are no more tasks and threads than before opening."""
        tasks, threads = asyncio.all_tasks(), _threads()
        async with harness.broker() as broker:
            await broker.send([harness.job()])
            await drain(broker, harness)
            await broker.receive(1, 0.05)
        assert asyncio.all_tasks() == tasks
        assert _threads() <= threads

    async def test_b35_queues_do_not_see_each_other(self, harness: BrokerHarness) -> None:
        """A broker that receives from one queue never gets a job of another, not even when it waits."""
        async with harness.broker("a", queues=["a"]) as a, harness.broker("b", queues=["b"]) as b:
            await a.send([harness.job(queue="b"), harness.job(queue="b", delay=1)])
            await harness.advance(2)
            assert await a.receive(10, 0.05) == []
            assert len(await b.receive(10, 0)) == 2

    async def test_b36_an_idle_receive_does_not_spin(self, harness: BrokerHarness) -> None:
        """Waiting for a second costs a few milliseconds of CPU."""
        async with harness.broker() as broker:
            await broker.receive(1, 0.05)
            before = time.process_time()
            assert await broker.receive(1, 1.0) == []
            assert time.process_time() - before < 0.1


def _threads() -> set[str]:
    """All but those that the event loop keeps for itself."""
    return {thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


async def _result_or_nothing(receiving: "asyncio.Task[list[Delivery]]") -> list[Delivery]:
    try:
        return await receiving
    except asyncio.CancelledError:
        return []
