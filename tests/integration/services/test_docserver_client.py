"""The client of the document server on a real store: who makes the PDF, what it is told, and what it leaves behind."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from millhand.core.clock import SystemClock, after
from millhand.services.docserver.client import Client, Maker, Pdf
from millhand.services.docserver.errors import DocumentRefused, NotConverted
from millhand.services.docserver.health import Liveness, read_health
from millhand.services.docserver.local import LocalEngine
from millhand.services.docserver.service import adapted
from millhand.stores import s3_bucket
from millhand.testing.s3 import S3Server
from tests.integration.services.docserving import DOCX, Yard
from tests.support import needs_soffice, poll_until

PDF = b"%PDF-1.4 a peer made it"


@pytest.fixture
def yard(s3: S3Server) -> Yard:
    return Yard(s3.access, s3.fresh())


@pytest.fixture
async def client(yard: Yard) -> AsyncGenerator[Client]:
    async with Client.of(yard.general, yard.own) as made:
        yield made


@pytest.fixture
async def patient(yard: Yard) -> AsyncGenerator[Client]:
    """One without an engine of its own."""
    async with Client.of(yard.general, yard.own, fallback=False) as made:
        yield made


async def test_a_worker_makes_it_and_nothing_is_left(yard: Yard, client: Client) -> None:
    async with yard.peer(pdf=PDF):
        made = await asyncio.gather(*(client.convert(b"any document", seconds=20) for _ in range(5)))
    assert {(one.content, one.by, one.why_here, one.degraded) for one in made} == {(PDF, Maker.WORKER, "", False)}
    assert await yard.keys() == set()


@needs_soffice
async def test_without_a_worker_it_is_made_here_at_once(yard: Yard, client: Client, tmp_path: Path) -> None:
    made = await client.convert(DOCX)
    assert (made.by, made.degraded, made.why_here) == (Maker.HERE, True, "no worker is there: its heartbeat is missing")
    assert made.engine.startswith("LibreOffice ")
    assert made.facts["fonts"]["used"]
    assert made.seconds < 20
    made.save(tmp_path / "made.pdf")
    assert (tmp_path / "made.pdf").read_bytes().startswith(b"%PDF-")
    assert await yard.keys() == set()


@needs_soffice
async def test_a_worker_that_does_not_come_back_in_time_leaves_enough_for_the_engine_here(
    yard: Yard, client: Client
) -> None:
    await yard.beat()
    made = await client.convert(DOCX, seconds=2)
    assert (made.by, made.why_here) == (Maker.HERE, "no worker made it within 1.5 s")
    assert await yard.keys() == set()


async def test_without_an_engine_it_waits_to_the_end(yard: Yard, patient: Client) -> None:
    with pytest.raises(NotConverted, match="no worker made it within"):
        await patient.convert(b"any document", seconds=0.5)
    assert await yard.keys() == set()


async def test_the_reason_of_a_refusal_is_told(yard: Yard, client: Client) -> None:
    with pytest.raises(DocumentRefused) as refused:
        await _converted_as(yard, client, {"code": "bad_document", "message": "It is broken.", "hint": "Mend it."})
    assert (refused.value.code, refused.value.message, refused.value.hint) == (
        "bad_document",
        "It is broken.",
        "Mend it.",
    )
    assert await yard.keys() == set()


@needs_soffice
async def test_an_engine_that_failed_is_replaced_by_the_one_here(yard: Yard, client: Client) -> None:
    made = await _converted_as(yard, client, {"code": "engine_failed", "message": "Word hung."})
    assert (made.by, made.why_here) == (Maker.HERE, "the worker failed: Word hung.")
    assert await yard.keys() == set()


async def test_a_worker_that_is_at_it_is_asked_to_stop(yard: Yard, patient: Client) -> None:
    converting = asyncio.create_task(patient.convert(b"any document", seconds=1))
    [key] = await poll_until(yard.inputs)
    await yard.hold(key)
    await poll_until(lambda: yard.is_called_off(key))
    await yard.bucket.put(f"converted/{Path(key).stem}.pdf", PDF)  # it was too late to stop
    await yard.let_go(key)
    with pytest.raises(NotConverted):
        await converting
    assert await yard.keys() == set()


async def test_who_stops_waiting_leaves_nothing(yard: Yard, patient: Client) -> None:
    converting = asyncio.create_task(patient.convert(b"any document"))
    [key] = await poll_until(yard.inputs)
    await yard.hold(key)
    converting.cancel()
    await poll_until(lambda: yard.is_called_off(key))
    await yard.let_go(key)
    with pytest.raises(asyncio.CancelledError):
        await converting
    assert await yard.keys() == set()


@needs_soffice
async def test_a_store_that_is_away_is_no_hindrance(yard: Yard, s3: S3Server) -> None:
    away = s3_bucket("away", replace(s3.access, endpoint="http://127.0.0.1:9"))
    local = LocalEngine(adapted(yard.general, yard.own))
    async with Client(away, seconds=20, local=local, clock=SystemClock()) as client:
        made = await client.convert(DOCX)
    assert made.by is Maker.HERE
    assert "does not answer" in made.why_here


async def test_health(yard: Yard, patient: Client) -> None:
    assert (await patient.health_check()).liveness is Liveness.MISSING
    await yard.beat()
    health = await patient.health_check()
    assert (health.liveness, health.ok, health.told["worker"]) == (Liveness.FRESH, True, "a peer")
    stale = await read_health(yard.bucket, after(SystemClock().now(), 200))
    assert (stale.liveness, stale.ok) == (Liveness.STALE, False)
    await yard.bucket.put("docserver-heartbeat.json", b"[]")
    assert (await patient.health_check()).told == {}


async def _converted_as(yard: Yard, client: Client, reason: dict[str, str]) -> Pdf:
    """Convert a document that a worker gives up for this reason."""
    await yard.beat()
    converting = asyncio.create_task(client.convert(DOCX, seconds=20))
    [key] = await poll_until(yard.inputs)
    await yard.bucket.copy(key, f"failed/{key}")
    await yard.bucket.put(f"failed/{key}.json", json.dumps(reason).encode())
    await yard.bucket.delete(key)
    return await converting
