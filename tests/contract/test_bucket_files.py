"""Files in a bucket as jobs: taken once each, converted, removed; the bad ones kept apart with their reason."""

import asyncio
import json
from collections import Counter

import pytest

from millhand.brokers.bucket.store_time import BucketTime
from millhand.core.artefact import Artefact
from millhand.core.failure import failure
from millhand.core.job import NewJob
from millhand.core.ports import CancelResult
from millhand.core.state import State
from millhand.testing.clock import MovableClock
from millhand.testing.s3 import S3Server
from tests.buckets import LEASE, Yard

FILE = "to-convert/order 7.docx"
OUTPUT = "converted/order 7.pdf"


@pytest.fixture
def yard(s3: S3Server) -> Yard:
    return Yard(s3.fresh(), s3.access)


async def test_a_file_is_a_job_and_its_end_removes_it(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"docx")
    async with yard.broker() as broker:
        [delivery] = await broker.receive(10, 0)
        assert (delivery.kind, delivery.queue, delivery.job_id) == ("document.convert", "to-convert", FILE)
        assert json.loads(delivery.args) == {
            "source": f"s3://{yard.name}/to-convert/order%207.docx",
            "target": f"s3://{yard.name}/converted/order%207.pdf",
        }
        await yard.convert(delivery)
        assert await broker.settle([yard.completed(delivery)]) == [True]
        assert await broker.receive(10, 0) == []
    assert await yard.keys() == [OUTPUT]
    assert await yard.notes() == []


async def test_what_is_no_finished_file_is_left_alone(yard: Yard) -> None:
    for name in ("~$order.docx", ".order.docx", "order.docx.part", "order.txt", "deep/order.docx"):
        await yard.bucket.put(f"to-convert/{name}", b"x")
    await yard.bucket.put("to-convert/empty.docx", b"")
    await yard.bucket.put("elsewhere/order.docx", b"x")
    async with yard.broker() as broker:
        assert await broker.receive(10, 0) == []
    assert len(await yard.keys()) == 7


async def test_a_file_that_still_changes_may_be_waited_for(s3: S3Server) -> None:
    yard = Yard(s3.fresh(), s3.access, "?still=60")
    await yard.bucket.put(FILE, b"half")
    async with yard.broker() as broker:
        assert await broker.receive(1, 0) == []
        yard.clock.advance(61)
        assert len(await broker.receive(1, 0)) == 1


async def test_workers_share_the_files(yard: Yard) -> None:
    names = [f"{number:03}" for number in range(60)]
    await asyncio.gather(*(yard.bucket.put(f"to-convert/{name}.docx", b"docx") for name in names))
    taken: Counter[str] = Counter()

    async def work(worker: str) -> None:
        async with yard.broker(worker) as broker:
            while deliveries := await broker.receive(4, 0):
                for each in deliveries:
                    taken[each.job_id] += 1
                    await yard.convert(each)
                assert all(await broker.settle([yard.completed(each) for each in deliveries]))

    await asyncio.gather(work("one"), work("two"), work("three"))
    assert taken == {f"to-convert/{name}.docx": 1 for name in names}
    assert await yard.keys() == [f"converted/{name}.pdf" for name in names]
    assert await yard.notes() == []


async def test_a_bad_file_is_kept_with_its_reason(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"junk")
    async with yard.broker() as broker:
        [first] = await broker.receive(1, 0)
        await broker.settle([yard.retried(first, failure=failure("engine_failed", "it hung"))])
        [second] = await broker.receive(1, 0)
        reason = failure("corrupt", "it is no document", "Send another one.")
        assert await broker.settle([yard.discarded(second, failure=reason)]) == [True]
        assert await broker.receive(1, 0) == []
        assert await broker.cancel(FILE) is CancelResult.TOO_LATE
    assert await yard.keys() == [f"failed/{FILE}", f"failed/{FILE}.json"]
    told = json.loads(await yard.text(f"failed/{FILE}.json"))
    assert (told["state"], told["code"], told["message"], told["hint"]) == (
        "discarded",
        "corrupt",
        "it is no document",
        "Send another one.",
    )
    assert [error["code"] for error in told["errors"]] == ["engine_failed", "corrupt"]
    assert (told["failures"], told["crashes"]) == (2, 0)
    assert await yard.text(f"failed/{FILE}") == "junk"
    assert await yard.notes() == []


async def test_a_bad_file_may_be_tried_again(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"junk")
    async with yard.broker() as broker:
        [delivery] = await broker.receive(1, 0)
        await broker.settle([yard.discarded(delivery, failure=failure("corrupt", "no"))])
        assert await broker.retry([FILE, "to-convert/other.docx"]) == [FILE]
        assert await yard.keys() == [FILE]
        [again] = await broker.receive(1, 0)
        assert (again.job_id, again.failures) == (FILE, 0)
        assert again.fence > delivery.fence


async def test_a_file_that_kills_its_workers_is_moved_away(s3: S3Server) -> None:
    yard = Yard(s3.fresh(), s3.access, "?crashes=2")
    await yard.bucket.put(FILE, b"bomb")
    for worker in ("one", "two"):
        async with yard.broker(worker) as broker:
            assert len(await broker.receive(1, 0)) == 1
        yard.clock.advance(LEASE + 1)
        async with yard.broker(f"after {worker}") as broker:
            assert await broker.rescue() == 1
    told = json.loads(await yard.text(f"failed/{FILE}.json"))
    assert (told["code"], told["crashes"]) == ("lease_expired", 2)
    assert [error["worker"] for error in told["errors"]] == ["one", "two"]


async def test_without_its_output_a_file_is_not_done(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"docx")
    async with yard.broker() as broker:
        [delivery] = await broker.receive(1, 0)
        assert await broker.settle([yard.completed(delivery)]) == [True]
        assert FILE in await yard.keys()
        yard.clock.advance(11)
        [again] = await broker.receive(1, 0)
        assert again.failures == 1
        await yard.convert(again)
        made = Artefact("x", json.loads(again.args)["target"], "application/pdf", 1, "hash")
        assert await broker.settle([yard.completed(again, artefacts=(made,))]) == [True]
        yard.clock.advance(11)
        [third] = await broker.receive(1, 0)
        assert third.failures == 2, "the output has another size than was written"


async def test_a_new_file_of_the_same_name_is_another_job(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"first")
    async with yard.broker() as broker:
        [delivery] = await broker.receive(1, 0)
        await yard.convert(delivery)
        await yard.bucket.put(FILE, b"second")
        assert await broker.settle([yard.completed(delivery)]) == [True]
        assert await yard.keys() == [OUTPUT, FILE]
        [again] = await broker.receive(1, 0)
        assert again.fence > delivery.fence
        assert again.attempt == 1


async def test_a_file_that_is_taken_away_is_no_job_any_more(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"docx")
    async with yard.broker("one") as one, yard.broker("two") as two:
        await yard.bucket.put("to-convert/stays.docx", b"docx")
        assert len(await one.receive(1, 0)) == 1
        for key in await yard.keys():
            await yard.bucket.delete(key)
        assert await one.receive(1, 0) == []
        assert await two.receive(1, 0) == []


async def test_a_result_may_be_the_output(s3: S3Server) -> None:
    yard = Yard(s3.fresh(), s3.access, "?route=in/{id}.txt->text.count?source={input}->out/{id}.json")
    await yard.bucket.put("in/a.txt", b"words")
    async with yard.broker() as broker:
        [delivery] = await broker.receive(1, 0)
        assert json.loads(delivery.args) == {"source": f"s3://{yard.name}/in/a.txt"}
        assert await broker.settle([yard.completed(delivery, result='{"words":1}')]) == [True]
    assert await yard.keys() == ["out/a.json"]
    assert await yard.text("out/a.json") == '{"words":1}'


async def test_anybody_may_put_a_job_as_json(yard: Yard) -> None:
    await yard.bucket.put("jobs/mail/42.json", b'{"kind": "mail.send", "args": {"to": "ann"}, "colour": "red"}')
    async with yard.broker() as broker:
        [delivery] = await broker.receive(1, 0)
        assert (delivery.job_id, delivery.queue, delivery.kind) == ("42", "mail", "mail.send")
        assert json.loads(delivery.args) == {"to": "ann"}


@pytest.mark.parametrize(
    "body", [b"no json", b"{}", b'{"kind": 1}', b"[]", b'{"kind": "x", "args": 7}', b"x" * 2_000_000]
)
async def test_what_is_no_job_is_moved_away(yard: Yard, body: bytes) -> None:
    await yard.bucket.put("jobs/mail/42.json", body)
    async with yard.broker() as broker:
        assert await broker.receive(1, 0) == []
        assert await broker.receive(1, 0) == []
    assert await yard.keys() == ["failed/jobs/mail/42.json", "failed/jobs/mail/42.json.json"]
    assert json.loads(await yard.text("failed/jobs/mail/42.json.json"))["code"] in {"bad_envelope", "too_large"}


async def test_a_waiting_file_can_be_cancelled(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"docx")
    async with yard.broker() as broker:
        assert await broker.cancel(FILE) is CancelResult.CANCELLED
        assert await broker.receive(1, 0) == []
    assert await yard.keys() == [f"failed/{FILE}", f"failed/{FILE}.json"]
    assert json.loads(await yard.text(f"failed/{FILE}.json"))["state"] == "cancelled"


async def test_cancelling_reaches_the_worker_that_has_the_file(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"docx")
    async with yard.broker("one") as one, yard.broker("two") as two:
        [delivery] = await one.receive(1, 0)
        assert await one.cancel_requests([FILE]) == set()
        assert await two.cancel(FILE) is CancelResult.REQUESTED
        yard.clock.advance(3)
        assert await one.cancel_requests([FILE]) == {FILE}
        assert await one.extend([delivery], LEASE) == [True]
        assert await one.settle([yard.retried(delivery, failure=failure("stopped", "asked to"))]) == [True]
        assert await two.receive(1, 0) == []
    assert json.loads(await yard.text(f"failed/{FILE}.json"))["state"] == "cancelled"


async def test_how_a_job_stands_can_be_asked(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"docx")
    job = NewJob(id="7", kind="mail.send", args="{}", queue="mail", run_at=yard.clock.now() + 60_000_000)
    async with yard.broker() as broker:
        await broker.send([job])
        states = {job_id: each.state for job_id, each in (await broker.look([FILE, "7", "8"])).items()}
        assert states == {FILE: State.AVAILABLE, "7": State.SCHEDULED}
        [delivery] = await broker.receive(5, 0)
        assert (await broker.look([FILE]))[FILE].state is State.RUNNING
        await broker.settle([yard.retried(delivery, failure=failure("busy", "later"), delay=60)])
        waiting = (await broker.look([FILE]))[FILE]
        assert (waiting.state, waiting.failures, waiting.failure and waiting.failure.code) == (
            State.RETRYABLE,
            1,
            "busy",
        )
        assert await broker.retry([FILE]) == [FILE]
        [again] = await broker.receive(5, 0)
        await yard.convert(again)
        await broker.settle([yard.completed(again)])
        done = (await broker.look([FILE]))[FILE]
        assert (done.state, done.kind) == (State.COMPLETED, "document.convert")
        assert await broker.cancel("7") is CancelResult.CANCELLED
        assert (await broker.look(["7"]))["7"].state is State.CANCELLED


async def test_workers_whose_clocks_are_minutes_apart_agree_by_the_store(yard: Yard) -> None:
    await yard.bucket.put(FILE, b"docx")
    clocks = [MovableClock(), MovableClock()]
    clocks[0].advance(-300)
    clocks[1].advance(300)
    times = [BucketTime(yard.bucket, clock) for clock in clocks]
    async with (
        yard.broker("slow", clock=clocks[0], time=times[0]) as slow,
        yard.broker("fast", clock=clocks[1], time=times[1]) as fast,
    ):
        assert abs(times[0].now() - times[1].now()) < 2_000_000
        [delivery] = await slow.receive(1, 0)
        assert delivery.lease_until - clocks[0].now() <= LEASE * 1e6
        assert await fast.rescue() == 0
        assert await fast.receive(1, 0) == []
        [sent] = await slow.send([NewJob(id="1", kind="k", args="{}", run_at=clocks[0].now() + 60_000_000)])
        assert await fast.receive(1, 0) == [], sent
        await yard.convert(delivery)
        assert await slow.settle([yard.completed(delivery)]) == [True]


async def test_the_store_is_asked_again_when_the_machine_slept(yard: Yard) -> None:
    clock = MovableClock()
    time = BucketTime(yard.bucket, clock)
    await time.sync()
    before = time.now()
    assert time.error < 2
    clock.advance(100)  # the calendar and the ticks agree, so it seems that time has passed
    assert time.now() - before > 99e6
    clock.advance(300)
    await time.sync()
    assert time.now() - before < 60e6
