"""What the document server asks of its broker: readers take a PDF at once, and a bucket that is away is waited for."""

from dataclasses import replace

import pytest

from millhand.brokers.bucket.notes import NoteStore, ObjectNotes
from millhand.core.artefact import Artefact
from millhand.core.errors import BrokerUnavailable
from millhand.core.job import Delivery
from millhand.stores import Bucket, s3_bucket
from millhand.testing.s3 import S3Server
from tests.buckets import Yard

KEY = "to-convert/a.docx"


async def taken_up(yard: Yard) -> tuple[Delivery, bool, list[str]]:
    """A document whose PDF was written, and fetched and removed before the job was settled."""
    await yard.bucket.put(KEY, b"a document")
    url = yard.bucket.url_of("converted/a.pdf")
    async with yard.broker() as broker:
        [delivery] = await broker.receive(1, 0)
        written = (Artefact(name="a.pdf", url=url, media_type="application/pdf", size=3, sha256=""),)
        [accepted] = await broker.settle([yard.completed(delivery, artefacts=written)])
    return delivery, accepted, await yard.keys()


async def test_a_reader_may_take_the_output_at_once(s3: S3Server) -> None:
    _, accepted, left = await taken_up(Yard(s3.fresh(), s3.access, "?taken=on"))
    assert accepted
    assert left == []


async def test_elsewhere_an_output_that_is_gone_is_made_again(s3: S3Server) -> None:
    _, _, left = await taken_up(Yard(s3.fresh(), s3.access))
    assert left == [KEY]


async def test_a_patient_place_opens_while_the_store_is_away(s3: S3Server) -> None:
    away = s3_bucket("away", replace(s3.access, endpoint="http://127.0.0.1:9"))
    yard = Yard(s3.fresh(), s3.access, "?patient=on")
    async with yard.broker(bucket=away, choose_notes=_ask) as broker:
        for _ in range(2):
            with pytest.raises(BrokerUnavailable, match="does not answer"):
                await broker.receive(1, 0)
    with pytest.raises(BrokerUnavailable, match="not open"):
        await broker.receive(1, 0)


async def test_elsewhere_it_says_so_at_the_start(s3: S3Server) -> None:
    away = s3_bucket("away", replace(s3.access, endpoint="http://127.0.0.1:9"))
    with pytest.raises(BrokerUnavailable, match="does not answer"):
        async with Yard(s3.fresh(), s3.access).broker(bucket=away, choose_notes=_ask):
            pass


async def test_a_patient_place_does_not_wait_for_a_bucket_that_nobody_has_made(s3: S3Server) -> None:
    missing = s3_bucket("nobody-made-it", s3.access)
    with pytest.raises(BrokerUnavailable, match="there is no bucket"):
        async with Yard(s3.fresh(), s3.access, "?patient=on").broker(bucket=missing, choose_notes=_ask):
            pass


async def _ask(bucket: Bucket) -> NoteStore:
    await bucket.put("asked", b"")
    return ObjectNotes(bucket)
