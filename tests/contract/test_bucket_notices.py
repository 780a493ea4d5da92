"""Notifications of a store: a worker looks at once, however long its pauses are, and is not kept busy by them."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from millhand.brokers.bucket.pace import Pace
from millhand.testing.clock import MovableClock
from millhand.testing.s3 import S3Server, s3_program, s3_server
from tests.buckets import Yard
from tests.support import skip_or_fail

FILE = "to-convert/a.docx"
PAUSES = "poll=60&idle_poll=60"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def calling_s3(tmp_path: Path, port: int) -> Iterator[S3Server]:
    """A server that calls the port for each new file."""
    program = s3_program()
    if program is None:
        skip_or_fail("SeaweedFS is not installed (scripts/setup dev)")
    folder = tmp_path / "s3"
    folder.mkdir()
    told = f'[notification.webhook]\nenabled = true\nendpoint = "http://127.0.0.1:{port}/"\nevent_types = ["create"]\n'
    (folder / "notification.toml").write_text(told)
    with s3_server(folder, program) as server:
        yield server


async def test_a_store_that_calls_shortens_the_wait(calling_s3: S3Server, port: int) -> None:
    yard = Yard(calling_s3.fresh(), calling_s3.access, f"?{PAUSES}&notify=127.0.0.1:{port}")
    async with yard.broker() as broker:
        assert await broker.receive(1, 0.1) == []
        receiving = asyncio.create_task(broker.receive(1, 30))
        await yard.bucket.put(FILE, b"docx")
        began = time.monotonic()
        [delivery] = await receiving
    assert delivery.job_id == FILE
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("said", [b"", b"\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"x" * 100_000])
async def test_nonsense_does_no_harm(s3: S3Server, port: int, said: bytes) -> None:
    yard = Yard(s3.fresh(), s3.access, f"?{PAUSES}&notify=127.0.0.1:{port}")
    async with yard.broker() as broker:
        assert await broker.receive(1, 0.01) == []
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        writer.write_eof()
        await reader.read()
        writer.close()
        await yard.bucket.put(FILE, b"docx")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert (await reader.readline()).split()[1] == b"200"
        writer.close()
        assert [each.job_id for each in await broker.receive(1, 20)] == [FILE]


async def test_only_one_worker_can_listen_and_the_others_say_so(s3: S3Server, port: int) -> None:
    yard = Yard(s3.fresh(), s3.access, f"?notify=127.0.0.1:{port}")
    async with yard.broker("one") as one, yard.broker("two") as two:
        await one.receive(1, 0)
        with capture_logs() as said:
            await two.receive(1, 0)
            await two.receive(1, 0)
    assert [each["address"] for each in said] == [f"127.0.0.1:{port}"]


def test_many_hints_make_few_looks() -> None:
    clock = MovableClock()
    pace = Pace(clock, 3.0, 10.0)
    looks = 0
    for _ in range(100):
        clock.advance(0.01)
        pace.hint()
        if pace.left == 0:
            pace.looking()
            pace.found_nothing(None)
            looks += 1
    assert 4 <= looks <= 6


def test_a_hint_during_a_look_means_another_one() -> None:
    clock = MovableClock()
    pace = Pace(clock, 3.0, 10.0)
    pace.looking()
    pace.hint()
    pace.found_nothing(None)
    assert 0 < pace.left <= 0.2
