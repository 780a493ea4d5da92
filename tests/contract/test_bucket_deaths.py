"""A worker on a bucket dies between any two of its requests, or as an answer is lost: others end what it began."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from millhand.brokers.bucket.broker import BucketBroker
from millhand.core.errors import BrokerUnavailable
from millhand.core.failure import failure
from millhand.core.job import Delivery, NewJob
from millhand.core.ports import CancelResult
from millhand.testing.s3 import S3Server
from tests.buckets import LEASE, Breaking, Yard

FILE, OUTPUT = "to-convert/a.docx", "converted/a.pdf"
REASON = failure("corrupt", "it is no document")

deaths = pytest.mark.parametrize("late", [False, True], ids=["before", "after"])


@pytest.fixture
async def yard(s3: S3Server) -> Yard:
    yard = Yard(s3.fresh(), s3.access)
    await yard.bucket.put(FILE, b"docx")
    return yard


@asynccontextmanager
async def _dying(yard: Yard, number: int, *, late: bool) -> AsyncGenerator[BucketBroker]:
    """A worker whose change of this number to the bucket is its last; the others never hear of it again."""
    breaking = Breaking(yard.bucket, number, late=late)
    async with yard.broker("victim", bucket=breaking.bucket) as broker:
        with suppress(BrokerUnavailable):
            yield broker
    assert breaking.changes >= number, "it would have lived"


async def _others_bring_it_to_an_end(yard: Yard) -> list[Delivery]:
    """Another worker works until nothing is left; returns what it was given."""
    given: list[Delivery] = []
    yard.clock.advance(LEASE + 1)
    async with yard.broker("survivor") as broker:
        await broker.rescue()
        while deliveries := await broker.receive(5, 0):
            given += deliveries
            for each in deliveries:
                if each.kind == "document.convert":
                    await yard.convert(each)
            assert all(await broker.settle([yard.completed(each) for each in deliveries]))
    return given


@deaths
@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_a_death_on_the_way_to_success(yard: Yard, number: int, late: bool) -> None:  # noqa: FBT001 - a case
    """Note, end noted, input gone, note gone."""
    async with _dying(yard, number, late=late) as victim:
        [delivery] = await victim.receive(1, 0)
        await yard.convert(delivery)
        await victim.settle([yard.completed(delivery)])
    again = await _others_bring_it_to_an_end(yard)
    ended = number > 2 or (number == 2 and late)
    assert [each.crashes for each in again] == ([] if ended else [0 if number == 1 and not late else 1])
    assert await yard.keys() == [OUTPUT]
    assert await yard.notes() == []


@deaths
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])
async def test_a_death_on_the_way_to_failure(yard: Yard, number: int, late: bool) -> None:  # noqa: FBT001
    """Note, end noted, copied, reason told, input gone, note gone."""
    async with _dying(yard, number, late=late) as victim:
        [delivery] = await victim.receive(1, 0)
        await victim.settle([yard.discarded(delivery, REASON)])
    again = await _others_bring_it_to_an_end(yard)
    ended = number > 2 or (number == 2 and late)
    assert bool(again) is not ended
    assert await yard.keys() == ([f"failed/{FILE}", f"failed/{FILE}.json"] if ended else [OUTPUT])
    assert await yard.notes() == []


@deaths
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
async def test_a_death_with_a_follow_up_job(yard: Yard, number: int, late: bool) -> None:  # noqa: FBT001
    """Note, end noted, follow-up put, input gone, note gone: the follow-up runs once, if the job ended."""
    follow_up = NewJob(id="child", kind="mail.send", args="{}", queue="mail")
    async with _dying(yard, number, late=late) as victim:
        [delivery] = await victim.receive(1, 0)
        await yard.convert(delivery)
        await victim.settle([yard.completed(delivery)._replace(follow_ups=(follow_up,))])
    again = await _others_bring_it_to_an_end(yard)
    ended = number > 2 or (number == 2 and late)
    assert [each.job_id for each in again] == (["child"] if ended else [FILE])
    assert await yard.keys() == [OUTPUT]
    assert await yard.notes() == []


async def test_a_dead_worker_leaves_no_note_on_a_file_that_is_gone(yard: Yard) -> None:
    """As of one that took a file which another one had just ended: nobody would ever look for it again."""
    async with yard.broker("victim") as victim:
        await victim.receive(1, 0)
    await yard.bucket.delete(FILE)
    assert await _others_bring_it_to_an_end(yard) == []
    assert await yard.notes() == []


@deaths
async def test_a_death_as_it_is_handed_back(yard: Yard, late: bool) -> None:  # noqa: FBT001
    """Whether the failure was noted or the lease ran out: the job runs again, charged once."""
    async with _dying(yard, 2, late=late) as victim:
        [delivery] = await victim.receive(1, 0)
        await victim.settle([yard.retried(delivery, REASON)])
    [again] = await _others_bring_it_to_an_end(yard)
    assert (again.failures, again.crashes) == ((1, 0) if late else (0, 1))


@deaths
@pytest.mark.parametrize("number", [2, 3, 4])
async def test_an_outage_amid_a_settlement_is_no_death(yard: Yard, number: int, late: bool) -> None:  # noqa: FBT001
    """The worker tells it again, and it is accepted as if nothing had been."""
    breaking = Breaking(yard.bucket, number, late=late)
    async with yard.broker(bucket=breaking.bucket) as broker:
        [delivery] = await broker.receive(1, 0)
        await yard.convert(delivery)
        settlement = yard.completed(delivery)
        with pytest.raises(BrokerUnavailable):
            await broker.settle([settlement])
        breaking.mend()
        assert await broker.settle([settlement]) == [True]
        assert await broker.receive(1, 0) == []
    assert await yard.keys() == [OUTPUT]
    assert await yard.notes() == []


async def test_who_lost_the_lease_is_refused_though_nobody_was_killed(yard: Yard) -> None:
    """A worker that stood still wakes, and finds that its job is another's."""
    async with yard.broker("sleeper") as sleeper, yard.broker("other") as other:
        [stale] = await sleeper.receive(1, 0)
        yard.clock.advance(LEASE + 1)
        assert await other.rescue() == 1
        [fresh] = await other.receive(1, 0)
        assert await sleeper.extend([stale], LEASE) == [False]
        assert await sleeper.settle([yard.discarded(stale, REASON)]) == [False]
        await yard.convert(fresh)
        assert await other.settle([yard.completed(fresh)]) == [True]
        assert await sleeper.settle([yard.completed(stale)]) == [False]
    assert await yard.keys() == [OUTPUT]


async def test_what_is_half_finished_is_finished_by_one_of_many(yard: Yard) -> None:
    """Several rescuers at once do not hinder one another."""
    async with _dying(yard, 3, late=False) as victim:
        [delivery] = await victim.receive(1, 0)
        await yard.convert(delivery)
        await victim.settle([yard.completed(delivery)])
    yard.clock.advance(LEASE + 1)
    async with yard.broker("a") as a, yard.broker("b") as b, yard.broker("c") as c:
        assert [await each.rescue() for each in (a, b, c)] == [0, 0, 0]
    assert await yard.keys() == [OUTPUT]
    assert await yard.notes() == []


@pytest.mark.parametrize("own", [False, True], ids=["file", "job"])
async def test_an_end_that_another_finished_was_accepted_all_the_same(yard: Yard, own: bool) -> None:  # noqa: FBT001
    """The settlement arrived, its answer was lost, and when the worker is back everything has been done."""
    async with yard.broker("other") as other:
        if own:
            await yard.bucket.delete(FILE)
            await other.send([NewJob(id="1", kind="mail.send", args="{}")])
        breaking = Breaking(yard.bucket, 2, late=True)
        async with yard.broker("one", bucket=breaking.bucket) as one:
            [delivery] = await one.receive(1, 0)
            await yard.bucket.put(OUTPUT, b"PDF")
            settlement = yard.completed(delivery)
            with pytest.raises(BrokerUnavailable):
                await one.settle([settlement])
            yard.clock.advance(LEASE + 1)
            await other.rescue()
            assert await yard.notes() == []
            breaking.mend()
            assert await one.settle([yard.retried(delivery, REASON)]) == [False]
            assert await one.settle([settlement]) == [True]
    assert await yard.keys() == [OUTPUT]


async def test_what_was_taken_before_an_outage_is_delivered(yard: Yard) -> None:
    """It would only wait for its leases to run out, and be charged a crash."""
    for number in range(5):
        await yard.bucket.put(f"to-convert/{number}.docx", b"docx")
    breaking = Breaking(yard.bucket, 4, late=False)
    async with yard.broker("one", bucket=breaking.bucket) as one:
        taken = await one.receive(6, 0)
        breaking.mend()
        rest = await one.receive(6, 0)
    assert len(taken) == 3
    assert len({each.job_id for each in (*taken, *rest)}) == 6


async def test_a_cancel_that_came_before_a_lost_answer_changes_nothing_for_who_asks_again(yard: Yard) -> None:
    async with yard.broker("other") as other:
        breaking = Breaking(yard.bucket, 2, late=True)
        async with yard.broker("one", bucket=breaking.bucket) as one:
            [delivery] = await one.receive(1, 0)
            assert await other.cancel(FILE) is CancelResult.REQUESTED
            assert await one.cancel_requests([FILE]) == {FILE}
            settlement = yard.retried(delivery, REASON)
            with pytest.raises(BrokerUnavailable):
                await one.settle([settlement])
            yard.clock.advance(LEASE + 1)
            await other.rescue()
            breaking.mend()
            assert await one.settle([settlement]) == [True]
    assert await yard.keys() == [f"failed/{FILE}", f"failed/{FILE}.json"]
