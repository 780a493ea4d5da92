"""B80 to B95: cancel and pause, pushes, and sending within somebody's transaction. Each applies where declared."""

import asyncio
import multiprocessing
import statistics
from multiprocessing.connection import Connection

import pytest

from millhand.core.clock import MICROSECONDS, SystemClock
from millhand.core.job import NewJob
from millhand.core.ports import CancelResult
from millhand.core.state import State
from millhand.testing.contract.harness import LEASE, BrokerHarness, Clauses, Opener, drain

_SPAWN = multiprocessing.get_context("spawn")
_A_LONG_TIME = 30.0
_PUSHES = 15
_QUICK = 0.1


class ControlClauses(Clauses):
    """Cancel and pause."""

    async def test_b80_cancelled_before_its_start_it_never_runs(self, harness: BrokerHarness) -> None:
        """A job that waits, for its turn or for its time, can be cancelled for good."""
        harness.need("cancel")
        ready, later = harness.job(), harness.job(delay=60)
        async with harness.broker() as broker:
            await broker.send([ready, later])
            assert await broker.cancel(ready.id) is CancelResult.CANCELLED
            assert await broker.cancel(later.id) is CancelResult.CANCELLED
            assert await broker.cancel(ready.id) is CancelResult.TOO_LATE
            assert await broker.cancel("unknown") is CancelResult.UNKNOWN
            await harness.advance(61)
            assert await broker.receive(10, 0) == []

    async def test_b81_cancelling_a_running_job_is_asked_for(self, harness: BrokerHarness) -> None:
        """Whatever its attempt says then, short of a success, the job does not run again."""
        harness.need("cancel", "history")
        jobs = [harness.job() for _ in range(4)]
        async with harness.broker() as broker:
            await broker.send(jobs)
            released, failed, completed, lost = await broker.receive(4, 0)
            for job in jobs:
                assert await broker.cancel(job.id) is CancelResult.REQUESTED
            release = harness.released(released)
            batch = [release, harness.retried(failed), harness.completed(completed)]
            assert await broker.settle(batch) == [True, True, True]
            assert await broker.settle([release]) == [True], "a repeat"
            await harness.advance(LEASE + 1)
            await broker.rescue()
            assert await broker.receive(10, 0) == []
            states = [(await harness.record(each.job_id)).state for each in (released, failed, completed, lost)]
            assert states == [State.CANCELLED, State.CANCELLED, State.COMPLETED, State.CANCELLED]

    async def test_b82_a_paused_queue_delivers_nothing(self, harness: BrokerHarness) -> None:
        """Not even what becomes due; running jobs can be settled; resuming loses nothing and wakes at once."""
        harness.need("pause")
        async with harness.broker() as broker:
            await broker.send([harness.job(), harness.job(), harness.job(delay=10)])
            [held] = await broker.receive(1, 0)
            await broker.pause("default")
            await harness.advance(11)
            assert await broker.receive(10, 0.05) == []
            assert await broker.settle([harness.completed(held)]) == [True]
            waiting = asyncio.create_task(broker.receive(10, _A_LONG_TIME))
            await asyncio.sleep(0.05)
            await broker.resume("default")
            assert len(await waiting) == 2

    async def test_b82_purging_cancels_what_waits(self, harness: BrokerHarness) -> None:
        """Waiting jobs of that queue are cancelled, running ones and other queues stay."""
        harness.need("pause")
        async with harness.broker(queues=["default"]) as broker, harness.broker("other", queues=["other"]) as other:
            await broker.send([harness.job() for _ in range(700)])
            await broker.send([harness.job(delay=60), harness.job(queue="other")])
            [held] = await broker.receive(1, 0)
            assert await broker.purge("default") == 700
            assert await broker.settle([harness.completed(held)]) == [True]
            assert await drain(broker, harness) == []
            assert len(await drain(other, harness)) == 1


class NotifyClauses(Clauses):
    """Notify."""

    async def test_b90_a_push_shortens_the_wait(self, harness: BrokerHarness) -> None:
        """A job that another process sends reaches a waiting receiver in a fraction of a poll."""
        harness.need("notify")
        delays = await _delays_of_foreign_sends(harness, _PUSHES)
        assert statistics.median(delays) < _QUICK

    async def test_b90_losing_pushes_loses_no_job(self, harness: BrokerHarness) -> None:
        """Without any push the job still comes, with the next poll."""
        harness.need("notify")
        delays = await _delays_of_foreign_sends(harness, 3, deaf=True)
        assert max(delays) < 5


class TransactClauses(Clauses):
    """Transact."""

    async def test_b95_sending_joins_a_transaction(self, harness: BrokerHarness) -> None:
        """A job is stored or forgotten with the caller's own transaction."""
        harness.need("transact")
        pytest.fail("a broker that declares it must override this clause")


async def _delays_of_foreign_sends(harness: BrokerHarness, count: int, *, deaf: bool = False) -> list[float]:
    """Seconds from the begin of each send in another process to the delivery here."""
    ours, theirs = _SPAWN.Pipe()
    sender = _SPAWN.Process(target=send_when_told, args=(harness.opener("sender"), theirs))
    sender.start()
    theirs.close()
    delays: list[float] = []
    async with harness.broker("receiver") as broker:
        assert await asyncio.to_thread(ours.poll, _A_LONG_TIME)
        ours.recv()
        for _ in range(count):
            waiting = asyncio.create_task(broker.receive(1, _A_LONG_TIME))
            await asyncio.sleep(0.05)
            if deaf:
                harness.lose_pushes()
            ours.send(harness.job())
            [delivery] = await waiting
            now = harness.clock.now()
            delays.append((now - await asyncio.to_thread(ours.recv)) / MICROSECONDS)
            await broker.settle([harness.completed(delivery)])
    ours.send(None)
    await asyncio.to_thread(sender.join)
    ours.close()
    sender.close()
    return delays


def send_when_told(opener: Opener, told: Connection) -> None:
    """In a process of its own: send each job that comes through the pipe, and answer with the time."""
    asyncio.run(_send_when_told(opener, told))


async def _send_when_told(opener: Opener, told: Connection) -> None:
    clock = SystemClock()
    async with opener() as broker:
        told.send("ready")
        while (job := await asyncio.to_thread(told.recv)) is not None:
            assert isinstance(job, NewJob)
            started = clock.now()
            await broker.send([job])
            told.send(started)
