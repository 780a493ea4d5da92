"""What a store is good for is tried: its conditions, its clock; and where it is not good enough, others step in."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from millhand.brokers.bucket.keeping import chooser
from millhand.brokers.bucket.probe import Conditions, probe
from millhand.brokers.bucket.store_time import BucketTime, is_over, lease_end
from millhand.core.errors import BlobFailed
from millhand.core.job import NewJob
from millhand.database import Database
from millhand.stores import Bucket, ObjectFacts
from millhand.testing.clock import MovableClock
from millhand.testing.s3 import S3Server
from tests.buckets import Yard


@pytest.fixture
def yard(s3: S3Server) -> Yard:
    return Yard(s3.fresh(), s3.access)


class Odd:
    """A bucket of which some calls do something else."""

    def __init__(self, bucket: Bucket, **calls: Callable[..., object]) -> None:
        self._bucket = bucket
        self._calls = calls

    @property
    def bucket(self) -> Bucket:
        """It, taken for a bucket."""
        return cast("Bucket", self)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the bucket has
        return self._calls.get(name) or getattr(self._bucket, name)


async def test_a_store_that_keeps_conditions_is_believed(yard: Yard) -> None:
    assert await probe(yard.bucket, "x") is Conditions.KEPT
    assert [facts async for page in yard.bucket.pages() for facts in page] == []


async def test_a_lost_answer_is_not_taken_for_a_condition_ignored(yard: Yard) -> None:
    """The client tries again by itself, and is then refused what it has done."""

    async def create(key: str, content: bytes) -> str | None:
        await yard.bucket.create(key, content)
        return None

    async def replace(key: str, content: bytes, etag: str) -> str | None:
        await yard.bucket.replace(key, content, etag)
        return None

    assert await probe(Odd(yard.bucket, create=create, replace=replace).bucket, "x") is Conditions.KEPT


async def test_a_store_that_ignores_conditions_is_found_out(yard: Yard) -> None:
    async def ignoring(key: str, content: bytes, etag: str = "") -> str | None:
        return await yard.bucket.put(key, content + etag[:0].encode())

    async def ignoring_of_nothing(key: str, content: bytes, etag: str) -> str | None:
        if await yard.bucket.find(key) is None:
            return await yard.bucket.put(key, content)
        return await yard.bucket.replace(key, content, etag)

    async def refusing(key: str, content: bytes) -> str | None:
        raise BlobFailed(f"'{key}' could not be written: NotImplemented ({len(content)})")

    assert await probe(Odd(yard.bucket, create=ignoring).bucket, "x") is Conditions.IGNORED
    assert await probe(Odd(yard.bucket, replace=ignoring).bucket, "x") is Conditions.IGNORED
    assert await probe(Odd(yard.bucket, replace=ignoring_of_nothing).bucket, "x") is Conditions.IGNORED
    assert await probe(Odd(yard.bucket, create=refusing).bucket, "x") is Conditions.REFUSED


async def test_leases_are_kept_in_the_database_then_with_a_loud_warning(yard: Yard, tmp_path: Path) -> None:
    async def ignoring(key: str, content: bytes, *_: object) -> str | None:
        return await yard.bucket.put(key, content)

    odd = Odd(yard.bucket, create=ignoring, replace=ignoring).bucket
    database = Database.at(f"sqlite:///{tmp_path}/ledger.db", clock=yard.clock)
    choose = chooser(database, yard.place, yard.clock)
    await yard.bucket.put("to-convert/a.docx", b"docx")
    with capture_logs() as said:
        async with (
            yard.broker("one", bucket=odd, choose_notes=choose) as one,
            yard.broker("two", bucket=odd, choose_notes=choose) as two,
        ):
            [delivery] = await one.receive(5, 0)
            assert await two.receive(5, 0) == []
            assert await one.extend([delivery], 30) == [True]
            await yard.convert(delivery)
            assert await one.settle([yard.completed(delivery)]) == [True]
            assert await two.receive(5, 0) == []
    await database.close()
    assert any("THE STORE DOES NOT KEEP" in each["event"] and each["log_level"] == "warning" for each in said)
    assert await yard.keys() == ["converted/a.pdf"]
    assert await yard.notes() == []


async def test_a_slow_look_at_the_clock_is_known_to_be_vague(yard: Yard) -> None:
    """Another worker may have written the time anew while the answer was on its way."""
    clock = MovableClock()

    async def stat(key: str) -> object:
        clock.advance(4)
        return await yard.bucket.stat(key)

    time = BucketTime(Odd(yard.bucket, stat=stat).bucket, clock)
    await time.sync()
    assert time.error >= 2


async def test_whoever_is_vague_gives_way(yard: Yard) -> None:
    """A lease is noted to end late enough, and taken over late enough, whichever of the two is wrong about the time."""

    class Vague:
        """The right time, give or take."""

        def __init__(self, error: float) -> None:
            self.error = error

        async def sync(self) -> None:
            """Nothing to ask."""

        def now(self) -> int:
            """The moved instant."""
            return yard.clock.now()

    began = yard.clock.now()
    until = lease_end(Vague(3.0), 10.0)
    assert until - began >= 13e6
    yard.clock.advance(13.5)
    assert is_over(Vague(0.1), until)
    assert not is_over(Vague(1.0), until)


async def test_a_job_that_is_stored_again_after_its_end_is_not_run_again(yard: Yard) -> None:
    """A sender whose answer was lost tells it again, and so does a worker that stood still amid a settlement."""
    job = NewJob(id="1", kind="mail.send", args="{}", queue="mail")
    async with yard.broker() as broker:
        for _ in range(2):
            assert [sent.id for sent in await broker.send([job])] == ["1"]
            for delivery in await broker.receive(1, 0):
                assert await broker.settle([yard.completed(delivery)]) == [True]
            assert await broker.receive(1, 0) == []
        assert await yard.keys() == []
        assert await yard.notes() == []
        later = NewJob(id="2", kind="mail.send", args="{}", queue="mail")
        assert [sent.id for sent in await broker.send([job, later])] == ["1", "2"]
        assert [each.job_id for each in await broker.receive(5, 0)] == ["2"]


async def test_what_is_retried_by_hand_runs_although_it_had_ended(yard: Yard) -> None:
    async with yard.broker() as broker:
        await broker.send([NewJob(id="1", kind="mail.send", args="{}", queue="mail")])
        assert str(await broker.cancel("1")) == "cancelled"
        assert await broker.retry(["1"]) == ["1"]
        assert [each.job_id for each in await broker.receive(5, 0)] == ["1"]


async def test_marks_of_what_has_ended_go_in_time(yard: Yard) -> None:
    async with yard.broker() as broker:
        await broker.send([NewJob(id="1", kind="mail.send", args="{}", queue="mail")])
        [delivery] = await broker.receive(1, 0)
        await broker.settle([yard.completed(delivery)])
        assert await yard.bucket.find(".millhand/ended/jobs/mail/1.json")
        yard.clock.advance(900)
        await broker.rescue()
    assert await yard.bucket.find(".millhand/ended/jobs/mail/1.json") is None


@pytest.mark.parametrize(("options", "lists"), [("", 2), ("?jobs=off", 1)])
async def test_a_look_where_nothing_lies_costs_few_requests(s3: S3Server, options: str, lists: int) -> None:
    yard = Yard(s3.fresh(), s3.access, options)
    asked: list[str] = []

    def pages(prefix: str = "", *, after: str = "") -> AsyncGenerator[list[ObjectFacts]]:
        asked.append(prefix)
        return yard.bucket.pages(prefix, after=after)

    async def folders(folder: str) -> list[str]:
        asked.append(folder)
        return await yard.bucket.folders(folder)

    async with yard.broker(bucket=Odd(yard.bucket, pages=pages, folders=folders).bucket) as broker:
        assert await broker.receive(5, 0) == []
    assert len(asked) == lists
