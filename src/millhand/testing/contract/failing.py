"""B20 to B23: what fails for good is kept apart, and what fails again and again keeps nobody else waiting."""

from millhand.core.state import State
from millhand.testing.contract.harness import LEASE, BrokerHarness, Clauses, drain


class FailureClauses(Clauses):
    """Failure: required of every broker."""

    async def test_b20_a_discarded_job_is_kept_with_its_reason(self, harness: BrokerHarness) -> None:
        """It is not delivered again, and its reason and attempts can be read."""
        job = harness.job()
        async with harness.broker() as broker:
            await broker.send([job])
            [first] = await broker.receive(1, 0)
            await broker.settle([harness.retried(first)])
            [second] = await broker.receive(1, 0)
            await broker.settle([harness.discarded(second, "bad_input")])
            await harness.advance(10 * LEASE)
            await broker.rescue()
            assert await broker.receive(1, 0) == []
            harness.need("history")
            record = await harness.record(job.id)
            assert (record.state, record.error_code, record.attempts) == (State.DISCARDED, "bad_input", 2)

    async def test_b21_redrive_resets_the_attempts(self, harness: BrokerHarness) -> None:
        """A discarded job that is retried by hand starts from nothing."""
        harness.need("dead_letter")
        job = harness.job()
        async with harness.broker() as broker:
            await broker.send([job])
            [first] = await broker.receive(1, 0)
            await broker.settle([harness.discarded(first)])
            assert await broker.retry([job.id, "unknown"]) == [job.id]
            [again] = await broker.receive(1, 0)
            assert (again.job_id, again.failures, again.crashes) == (job.id, 0, 0)
            assert await broker.retry([job.id]) == [], "it runs"

    async def test_b22_attempts_are_never_lost(self, harness: BrokerHarness) -> None:
        """Failures and crashes add up over redeliveries, each apart; releases cost nothing."""
        async with harness.broker() as broker:
            await broker.send([harness.job()])
            [one] = await broker.receive(1, 0)
            await broker.settle([harness.retried(one)])
            [two] = await broker.receive(1, 0)
            await broker.settle([harness.released(two)])
            [three] = await broker.receive(1, 0)
            await harness.advance(LEASE + 1)
            assert await broker.rescue() == 1
            [four] = await broker.receive(1, 0)
            await broker.settle([harness.retried(four)])
            [five] = await broker.receive(1, 0)
            seen = [(each.failures, each.crashes) for each in (one, two, three, four, five)]
            assert seen == [(0, 0), (1, 0), (1, 0), (1, 1), (2, 1)]

    async def test_b23_a_poison_job_starves_nobody(self, harness: BrokerHarness) -> None:
        """A job whose worker dies each time is discarded at its cap, while the others go on."""
        poison = harness.job()._replace(max_crashes=3)
        others = [harness.job() for _ in range(5)]
        handled: list[str] = []
        async with harness.broker() as broker:
            await broker.send([poison, *others])
            for _ in range(10):
                deliveries = await broker.receive(2, 0)
                good = [each for each in deliveries if each.job_id != poison.id]
                await broker.settle([harness.completed(each) for each in good])
                handled += [each.job_id for each in good]
                await harness.advance(LEASE + 1)
                await broker.rescue()
            assert sorted(handled) == sorted(job.id for job in others)
            assert await drain(broker, harness) == []
            harness.need("history")
            record = await harness.record(poison.id)
            assert (record.state, record.error_code, record.attempts) == (State.DISCARDED, "lease_expired", 3)
