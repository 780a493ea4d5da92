"""B40 to B72: delays, priority and order, fair shares, limits, dedupe, and looking in. Each applies where declared."""

import asyncio
from collections import Counter

import pytest

from millhand.core.clock import MICROSECONDS
from millhand.core.fairness import Caps
from millhand.core.job import NewJob
from millhand.testing.contract.harness import BrokerHarness, Clauses, drain

_ONE_POLL = 1.0
_COUNT_LIMIT = 10_000


class DelayClauses(Clauses):
    """Delays."""

    async def test_b40_a_delayed_job_is_neither_early_nor_late(self, harness: BrokerHarness) -> None:
        """A waiting receiver gets it when it is due, at most one poll late."""
        harness.need("delay")
        async with harness.broker() as broker:
            job = harness.job(delay=0.3)
            await broker.send([harness.job(delay=60), job])
            assert await broker.receive(1, 0) == []
            [delivery] = await broker.receive(1, 10)
            late = (delivery.claimed_at - job.run_at) / MICROSECONDS
            assert delivery.job_id == job.id
            assert 0 <= late < _ONE_POLL

    async def test_b40_delays_outlast_a_restart(self, harness: BrokerHarness) -> None:
        """A delayed job waits in the store, not in a process."""
        harness.need("delay")
        async with harness.broker() as broker:
            await broker.send([harness.job(delay=3600)])
        await harness.advance(3601)
        async with harness.broker() as broker:
            assert len(await broker.receive(1, 0)) == 1

    async def test_b41_a_wrong_clock_does_not_matter(self, harness: BrokerHarness) -> None:
        """A worker whose clock is five minutes ahead neither takes live leases nor jobs that are not due."""
        harness.need("delay")
        if (skewed := harness.skewed_broker("ahead", 300)) is None:
            pytest.skip("all brokers on this store read the clock of one machine")
        async with harness.broker() as broker, skewed as ahead:
            await broker.send([harness.job(), harness.job(delay=60)])
            [held] = await broker.receive(1, 0)
            await ahead.rescue()
            assert await ahead.receive(10, 0) == []
            assert await broker.settle([harness.completed(held)]) == [True]


class OrderClauses(Clauses):
    """Priority and order."""

    async def test_b50_higher_priorities_go_first(self, harness: BrokerHarness) -> None:
        """Among ready jobs, also of several tenants, a higher priority is delivered first."""
        harness.need("priority")
        priorities = [0, 5, -3, 5, 100, 0]
        jobs = [harness.job(priority=each, tenant=f"t{place % 2}") for place, each in enumerate(priorities)]
        async with harness.broker() as broker:
            await broker.send(jobs)
            seen = [(await broker.receive(1, 0))[0].priority for _ in range(3)]
            seen += [each.priority for each in await broker.receive(10, 0)]
            assert seen == sorted(priorities, reverse=True)

    async def test_b51_the_oldest_goes_first(self, harness: BrokerHarness) -> None:
        """Within a priority and a tenant jobs are delivered in the order in which they were sent."""
        harness.need("fifo")
        async with harness.broker() as broker:
            jobs = [harness.job() for _ in range(50)]
            await broker.send(jobs[:25])
            await broker.send(jobs[25:])
            seen = [each.job_id for size in (1, 9, 40) for each in await broker.receive(size, 0)]
            assert seen == [job.id for job in jobs]

    async def test_b52_a_long_backlog_keeps_nobody_out(self, harness: BrokerHarness) -> None:
        """Free slots go to the tenant with the fewest running jobs, and single slots go round."""
        harness.need("fair")
        async with harness.broker() as broker:
            await broker.send([harness.job(tenant="big") for _ in range(300)])
            await broker.send([harness.job(tenant=name) for name in ("small", "tiny") for _ in range(10)])
            first = Counter(each.tenant for each in await broker.receive(12, 0))
            assert first == {"big": 4, "small": 4, "tiny": 4}
            await broker.send([harness.job(tenant=name, queue="other") for name in "abc" for _ in range(5)])
            seen = ""
            async with harness.broker("single", queues=["other"]) as single:
                for _ in range(9):
                    [delivery] = await single.receive(1, 0)
                    seen += delivery.tenant
                    await single.settle([harness.completed(delivery)])
            assert seen == "abcabcabc"

    async def test_b52_more_lanes_than_one_look_takes_in(self, harness: BrokerHarness) -> None:
        """With hundreds of tenants at their limit, the others are still found."""
        harness.need("fair", "limits")
        tenants = [f"t{number:04}" for number in range(450)]
        async with harness.broker() as broker:
            await broker.set_caps("default", Caps(tenant=1))
            await broker.send([harness.job(tenant=tenant) for tenant in tenants for _ in range(2)])
            seen: Counter[str] = Counter()
            for _ in range(30):
                seen.update(each.tenant for each in await broker.receive(50, 0))
            assert seen == dict.fromkeys(tenants, 1)

    async def test_b52_queues_share_fairly(self, harness: BrokerHarness) -> None:
        """A queue with a long backlog does not keep another waiting."""
        async with harness.broker() as broker:
            await broker.send([harness.job(queue="long") for _ in range(100)])
            await broker.send([harness.job(queue="short") for _ in range(3)])
            assert Counter(each.queue for each in await broker.receive(10, 0)) == {"long": 7, "short": 3}


class LimitClauses(Clauses):
    """Concurrency limits."""

    async def test_b53_limits_hold_exactly(self, harness: BrokerHarness) -> None:
        """Queue, tenant and key each allow so many running jobs, and give up a place at each settlement."""
        harness.need("limits")
        async with harness.broker() as broker:
            await broker.set_caps("default", Caps(queue=5, tenant=3, limit_key=1))
            await broker.send([harness.job(tenant="a", limit_key="k") for _ in range(4)])
            await broker.send([harness.job(tenant="a") for _ in range(4)])
            await broker.send([harness.job(tenant="b") for _ in range(4)])
            held = await broker.receive(100, 0)
            assert Counter(each.tenant for each in held) == {"a": 3, "b": 2}
            assert await broker.receive(100, 0) == []
            await broker.settle([harness.completed(held[0])])
            assert len(await broker.receive(100, 0)) == 1
            await broker.set_caps("default", Caps())
            assert len(await broker.receive(100, 0)) == 12 - 6

    async def test_b53_limits_hold_under_many_claims_at_once(self, harness: BrokerHarness) -> None:
        """However many brokers claim at once, no limit is passed at any moment."""
        harness.need("limits")
        running: Counter[str] = Counter()
        highest: Counter[str] = Counter()

        async def work(worker: str) -> int:
            done = 0
            async with harness.broker(worker) as broker:
                while deliveries := await broker.receive(4, 0.2):
                    running.update(each.tenant for each in deliveries)
                    highest.update({name: max(0, running[name] - highest[name]) for name in running})
                    await asyncio.sleep(0)
                    running.subtract(each.tenant for each in deliveries)
                    await broker.settle([harness.completed(each) for each in deliveries])
                    done += len(deliveries)
            return done

        async with harness.broker("sender") as sender:
            await sender.set_caps("default", Caps(tenant=3))
            await sender.send([harness.job(tenant=f"t{number % 2}") for number in range(120)])
            assert sum(await asyncio.gather(*(work(f"w{number}") for number in range(4)))) == 120
        assert max(highest.values()) <= 3


class DedupeClauses(Clauses):
    """Dedupe."""

    async def test_b60_a_live_key_is_taken_once(self, harness: BrokerHarness) -> None:
        """Of 32 producers that send the same key at once one inserts, and the others are told its id."""
        harness.need("dedupe")
        async with harness.broker("one") as one, harness.broker("two") as two:
            jobs = [harness.job(key="same") for _ in range(32)]
            sends = [(one, two)[place % 2].send([job]) for place, job in enumerate(jobs)]
            sent = [each for answer in await asyncio.gather(*sends) for each in answer]
            assert sum(not each.duplicate for each in sent) == 1
            assert len({each.id for each in sent}) == 1
            assert [each.job_id for each in await one.receive(100, 0)] == [sent[0].id]

    async def test_b60_keys_within_one_call(self, harness: BrokerHarness) -> None:
        """Doubles within a batch are found too; the same key of another kind is another key."""
        harness.need("dedupe")
        first, double, plain = harness.job(key="k"), harness.job(key="k"), harness.job()
        async with harness.broker() as broker:
            sent = await broker.send([first, double, plain])
            assert [(each.id, each.duplicate) for each in sent] == [
                (first.id, False),
                (first.id, True),
                (plain.id, False),
            ]
            again = await broker.send([first, plain])
            assert [(each.id, each.duplicate) for each in again] == [(first.id, False), (plain.id, False)]
            assert len(await drain(broker, harness)) == 2

    async def test_b61_a_key_is_free_after_completion(self, harness: BrokerHarness) -> None:
        """It is taken while the job waits, runs, or waits for its retry, and free again once the job is over."""
        harness.need("dedupe")
        async with harness.broker() as broker:

            async def is_taken() -> bool:
                [sent] = await broker.send([harness.job(key="k", delay=3600)])
                return sent.duplicate

            await broker.send([harness.job(key="k")])
            [delivery] = await broker.receive(1, 0)
            assert await is_taken()
            await broker.settle([harness.retried(delivery, delay=10)])
            assert await is_taken()
            await harness.advance(11)
            [delivery] = await broker.receive(1, 0)
            await broker.settle([harness.completed(delivery)])
            assert not await is_taken()

    async def test_b61_redrive_does_not_break_a_key(self, harness: BrokerHarness) -> None:
        """A job whose key has been taken since is not retried by hand."""
        harness.need("dedupe", "dead_letter")
        old, new = harness.job(key="k"), harness.job(key="k")
        async with harness.broker() as broker:
            await broker.send([old])
            [delivery] = await broker.receive(1, 0)
            await broker.settle([harness.discarded(delivery)])
            await broker.send([new])
            assert await broker.retry([old.id]) == []
            await drain(broker, harness)
            assert await broker.retry([new.id, old.id]) == [old.id]


class InspectClauses(Clauses):
    """Inspect."""

    async def test_b70_depth_and_age(self, harness: BrokerHarness) -> None:
        """Counts are exact for a small queue, and the oldest ready job is known."""
        harness.need("inspect")
        async with harness.broker() as broker:
            await broker.send([harness.job(priority=-1)])
            [before] = await broker.stats()
            await harness.advance(100)
            await broker.send([harness.job(priority=1) for _ in range(4)])
            await broker.send([harness.job(delay=60) for _ in range(3)])
            held = await broker.receive(2, 0)
            await broker.settle([harness.retried(held[0], delay=60)])
            [stats] = await broker.stats()
            counts = (stats.available, stats.scheduled, stats.retryable, stats.running)
            assert counts == (3, 3, 1, 1)
            assert stats.oldest == before.oldest

    async def test_b72_counts_are_bounded(self, harness: BrokerHarness) -> None:
        """Beyond the bound a count says so, instead of reading everything."""
        harness.need("inspect")
        async with harness.broker() as broker:
            for _ in range(11):
                await broker.send(_many(harness, 1_000))
            [stats] = await broker.stats()
            assert stats.available == _COUNT_LIMIT


def _many(harness: BrokerHarness, count: int) -> list[NewJob]:
    return [harness.job() for _ in range(count)]
