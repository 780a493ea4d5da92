"""B10 to B17: a job belongs to one worker at a time, and to nobody for ever."""

import asyncio
import multiprocessing
import signal
from collections import Counter
from multiprocessing.connection import Connection

from millhand.core.job import Delivery
from millhand.testing.contract.harness import LEASE, BrokerHarness, Clauses, FullBroker, Opener, drain

_SPAWN = multiprocessing.get_context("spawn")
_A_LONG_TIME = 30.0


class OwnershipClauses(Clauses):
    """Ownership: required of every broker."""

    async def test_b10_a_live_lease_is_exclusive(self, harness: BrokerHarness) -> None:
        """Nobody else gets a job whose lease runs."""
        async with harness.broker("one") as one, harness.broker("two") as two:
            await one.send([harness.job()])
            [held] = await one.receive(10, 0)
            await harness.advance(LEASE * 0.8)
            await two.rescue()
            assert await two.receive(10, 0) == []
            assert await one.receive(10, 0) == []
            assert await one.settle([harness.completed(held)]) == [True]

    async def test_b11_each_job_is_handled_once(self, harness: BrokerHarness) -> None:
        """Several receivers at once share the jobs without loss and without doubles."""
        sent = [harness.job() for _ in range(500)]
        async with (
            harness.broker("one") as one,
            harness.broker("two") as two,
            harness.broker("three") as three,
        ):
            await one.send(sent)
            receivers = [drain(broker, harness, batch=size) for broker, size in ((one, 1), (two, 7), (three, 50))]
            handled = [each for done in await asyncio.gather(*receivers) for each in done]
            assert Counter(each.job_id for each in handled) == Counter(job.id for job in sent)

    async def test_b12_an_expired_lease_is_redelivered(self, harness: BrokerHarness) -> None:
        """The job comes back, with its crash counted and, where there are fences, a higher one."""
        async with harness.broker("one") as one, harness.broker("two") as two:
            await one.send([harness.job()])
            [lost] = await one.receive(1, 0)
            await harness.advance(LEASE + 1)
            await two.rescue()
            [again] = await two.receive(1, 0)
            assert (again.job_id, again.crashes, again.failures, again.attempt) == (lost.job_id, 1, 0, 2)
            if harness.capabilities.fence:
                assert again.fence > lost.fence

    async def test_b13_extending_keeps_the_lease(self, harness: BrokerHarness) -> None:
        """A lease that is renewed in time does not expire."""
        async with harness.broker("one") as one, harness.broker("two") as two:
            await one.send([harness.job()])
            [held] = await one.receive(1, 0)
            for _ in range(3):
                await harness.advance(LEASE * 0.8)
                assert await one.extend([held], LEASE) == [True]
                assert await two.rescue() == 0
            assert await two.receive(1, 0) == []
            assert await one.settle([harness.completed(held)]) == [True]

    async def test_b14_a_stale_receipt_changes_nothing(self, harness: BrokerHarness) -> None:
        """Who lost the lease can neither settle nor extend; the new holder can."""
        async with harness.broker("one") as one, harness.broker("two") as two:
            await one.send([harness.job()])
            [stale] = await one.receive(1, 0)
            new = await _lost_to(two, harness)
            child = harness.job()
            assert await one.extend([stale], LEASE) == [False]
            assert await one.settle([harness.completed(stale, follow_ups=[child])]) == [False]
            assert await one.settle([harness.retried(stale), harness.discarded(stale)]) == [False, False]
            assert await two.receive(10, 0) == []
            assert await two.settle([harness.completed(new)]) == [True]

    async def test_b14_one_stale_receipt_spoils_no_batch(self, harness: BrokerHarness) -> None:
        """Each settlement of a batch is judged on its own."""
        async with harness.broker("one") as one, harness.broker("two") as two:
            await one.send([harness.job()])
            [stale] = await one.receive(1, 0)
            await _lost_to(two, harness)
            await one.send([harness.job(), harness.job()])
            first, second = await one.receive(2, 0)
            batch = [harness.completed(first), harness.completed(stale), harness.released(second)]
            assert await one.settle(batch) == [True, False, True]

    async def test_b14_a_lease_lost_to_oneself_is_lost(self, harness: BrokerHarness) -> None:
        """The same worker's older delivery of a job is stale as well."""
        harness.need("fence")
        async with harness.broker("one") as one:
            await one.send([harness.job()])
            [stale] = await one.receive(1, 0)
            new = await _lost_to(one, harness)
            assert await one.extend([stale, new], LEASE) == [False, True]
            assert await one.settle([harness.completed(stale), harness.completed(new)]) == [False, True]

    async def test_b15_the_job_of_a_killed_process_is_redelivered(self, harness: BrokerHarness) -> None:
        """SIGKILL in the middle of a job loses nothing."""
        job = harness.job()
        async with harness.broker("survivor") as survivor:
            await survivor.send([job])
            ours, theirs = _SPAWN.Pipe()
            victim = _SPAWN.Process(target=hold_one, args=(harness.opener("victim"), theirs))
            victim.start()
            theirs.close()
            assert await asyncio.to_thread(ours.poll, _A_LONG_TIME)
            assert ours.recv() == job.id
            victim.kill()
            await asyncio.to_thread(victim.join)
            assert victim.exitcode == -signal.SIGKILL
            ours.close()
            victim.close()
            assert await survivor.receive(1, 0) == []
            await harness.advance(LEASE + 1)
            await survivor.rescue()
            [again] = await survivor.receive(1, 0)
            assert (again.job_id, again.crashes) == (job.id, 1)

    async def test_b16_a_retry_with_delay_is_not_seen_early(self, harness: BrokerHarness) -> None:
        """A failed job waits as long as it was told to."""
        async with harness.broker() as broker:
            await broker.send([harness.job()])
            [delivery] = await broker.receive(1, 0)
            assert await broker.settle([harness.retried(delivery, delay=60)]) == [True]
            await harness.advance(55)
            assert await broker.receive(1, 0) == []
            await harness.advance(6)
            [again] = await broker.receive(1, 0)
            assert (again.failures, again.crashes, again.attempt) == (1, 0, 2)

    async def test_b17_settling_twice_is_harmless(self, harness: BrokerHarness) -> None:
        """After a lost reply the same settlement is accepted again, and nothing happens twice."""
        async with harness.broker() as broker:
            await broker.send([harness.job()])
            [delivery] = await broker.receive(1, 0)
            child = harness.job('{"child":true}')
            settlement = harness.completed(delivery, follow_ups=[child])
            assert await broker.settle([settlement]) == [True]
            assert await broker.settle([settlement]) == [True]
            assert await broker.settle([settlement, settlement]) == [True, True]
            assert [each.job_id for each in await drain(broker, harness)] == [child.id]

    async def test_b17_a_released_job_comes_back_uncharged(self, harness: BrokerHarness) -> None:
        """A job handed back costs no attempt."""
        async with harness.broker() as broker:
            await broker.send([harness.job()])
            [delivery] = await broker.receive(1, 0)
            assert await broker.settle([harness.released(delivery)]) == [True]
            [again] = await broker.receive(1, 0)
            assert (again.job_id, again.attempt) == (delivery.job_id, 1)


async def _lost_to(other: FullBroker, harness: BrokerHarness) -> Delivery:
    """Let the lease run out, and let another broker take the job."""
    await harness.advance(LEASE + 1)
    await other.rescue()
    [new] = await other.receive(1, 0)
    return new


def hold_one(opener: Opener, told: Connection) -> None:
    """In a process of its own: lease one job, tell its id, and wait for the end."""
    asyncio.run(_hold_one(opener, told))


async def _hold_one(opener: Opener, told: Connection) -> None:
    async with opener() as broker:
        [delivery] = await broker.receive(1, _A_LONG_TIME)
        told.send(delivery.job_id)
        await asyncio.Event().wait()
