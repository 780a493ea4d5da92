"""B01 to B04: what is sent is what is delivered."""

import json

import pytest

from millhand.core.errors import PayloadTooLarge
from millhand.testing.contract.harness import BrokerHarness, Clauses, drain

PAYLOADS = [
    "{}",
    '{"text":""}',
    '{"text":"Grüße, 世界, שלום, 🖨️"}',
    '{"text":"\\u0000 and \\ud83d\\udda8"}',
    '{"quote":"\'; DROP TABLE jobs; -- \\" %s ? :name"}',
    '{"n":123456789012345678901234567890,"f":1e-300,"b":[true,null]}',
]


class PayloadClauses(Clauses):
    """Payload: required of every broker."""

    @pytest.mark.parametrize("args", PAYLOADS)
    async def test_b01_arguments_round_trip(self, harness: BrokerHarness, args: str) -> None:
        """Arguments arrive as they were sent."""
        async with harness.broker() as broker:
            await broker.send([harness.job(args)])
            [delivery] = await broker.receive(1, 0)
            assert delivery.args == args

    async def test_b01_the_largest_arguments_round_trip(self, harness: BrokerHarness) -> None:
        """Arguments of exactly the declared limit pass, counted in bytes."""
        for filler in ("x", "é"):
            args = _of_size(harness.capabilities.max_payload, filler)
            async with harness.broker() as broker:
                await broker.send([harness.job(args)])
                [delivery] = await broker.receive(1, 0)
                assert delivery.args == args
                await broker.settle([harness.completed(delivery)])

    async def test_b02_every_field_survives(self, harness: BrokerHarness) -> None:
        """Id, kind, tenant, headers and limits arrive as they were sent."""
        job = harness.job(queue="q-1", tenant="Ümlaut & Söhne", priority=-7)._replace(
            headers={"traceparent": "00-ab-cd-01", "ключ": "значение"},
            max_attempts=9,
            max_crashes=4,
            parent_id="parent",
        )
        async with harness.broker() as broker:
            [sent] = await broker.send([job])
            [got] = await broker.receive(1, 0)
            assert (sent.id, sent.duplicate) == (job.id, False)
            names = ("kind", "queue", "tenant", "priority", "headers", "max_attempts", "max_crashes", "parent_id")
            assert {name: getattr(got, name) for name in names} == {name: getattr(job, name) for name in names}
            assert (got.job_id, got.attempt, got.version) == (job.id, 1, 1)

    async def test_b03_too_much_is_refused_before_anything_is_stored(self, harness: BrokerHarness) -> None:
        """One job above the limit keeps out the whole call."""
        too_much = harness.job(_of_size(harness.capabilities.max_payload + 1, "é"))
        async with harness.broker() as broker:
            with pytest.raises(PayloadTooLarge) as caught:
                await broker.send([harness.job(), too_much, harness.job()])
            assert caught.value.hint
            assert await broker.receive(10, 0) == []

    async def test_b04_an_unknown_version_is_kept(self, harness: BrokerHarness) -> None:
        """A job of a later version is delivered with its version, and survives being discarded."""
        job = harness.job()._replace(version=99)
        async with harness.broker() as broker:
            await broker.send([job])
            [delivery] = await broker.receive(1, 0)
            assert delivery.version == 99
            assert await broker.settle([harness.discarded(delivery, "unknown_version")]) == [True]
            assert await drain(broker, harness) == []
            harness.need("dead_letter", "history")
            assert (await harness.record(job.id)).error_code == "unknown_version"
            assert await broker.retry([job.id]) == [job.id]
            [again] = await broker.receive(1, 0)
            assert (again.version, again.args) == (99, job.args)


def _of_size(size: int, filler: str) -> str:
    frame = json.dumps({"text": ""}, separators=(",", ":"))
    room = size - len(frame)
    width = len(filler.encode())
    return frame[:-2] + filler * (room // width) + "x" * (room % width) + frame[-2:]
