"""What a site bears: jobs sent to it by one client or several, and many who watch what changes."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.processes import running, weigh
from bench.web.app import Noop, app
from bench.web.client import AnswerError, Client
from bench.web.site import Site, environment
from millhand.app.app import App
from millhand.config import Settings

_MIB = 2**20
_AT_ONCE, _PAUSE = 5, 0.1
"""So many jobs come at once, so many seconds apart, while streams are weighed: nearly 50 a second."""

_SETTLE = 1.0
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Order:
    """How a job is sent: the path, and the JSON."""

    path: str
    body: Mapping[str, object]


OURS = Order("/v1/jobs", {"kind": "bench.noop", "args": {"number": 1}, "queue": "sent"})


@dataclass(frozen=True, slots=True)
class Streams:
    """What open streams cost the server: each in MiB, all of them in percent of one core; and what each was told."""

    mib_each: float
    percent: float
    told: float


def sent_each_second(url: str, order: Order, clients: int, seconds: float) -> float:
    """How many jobs a second are sent, one by one, by so many clients at once."""
    until = time.perf_counter() + seconds

    def send(_: int) -> int:
        sent = 0
        with Client(url) as client:
            while time.perf_counter() < until:
                client.post(order.path, order.body)
                sent += 1
        return sent

    with ThreadPoolExecutor(clients) as threads:
        return sum(threads.map(send, range(clients))) / seconds


def cost_of_streams(site: Site, database: str, folder: Path, count: int, seconds: float) -> Streams:
    """What so many streams cost while jobs come and are done, beside none."""
    with _working(database, folder), _sending(database, folder):
        time.sleep(_SETTLE)
        without = _percent(site, seconds)
        resident = weigh([site.process]).proportional
        percent, told, more = asyncio.run(_watched(site, count, seconds))
        return Streams((more - resident) / count / _MIB, percent - without, told)


async def _watched(site: Site, count: int, seconds: float) -> tuple[float, float, float]:
    """With so many watchers: percent of a core, messages for each, and bytes of the server."""
    async with _streams(site.url, count) as told:
        await asyncio.sleep(_SETTLE)
        before = sum(told)
        percent = await asyncio.to_thread(_percent, site, seconds)
        return percent, (sum(told) - before) / count, weigh([site.process]).proportional


@asynccontextmanager
async def _streams(url: str, count: int) -> AsyncIterator[list[int]]:
    """So many open streams; gives how many messages came by each."""
    told = [0] * count
    tasks = [asyncio.create_task(_follow(url, told, number)) for number in range(count)]
    try:
        async with asyncio.timeout(_PATIENCE):
            while not all(told):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        yield told
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(url: str, told: list[int], number: int) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET /v1/stream HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    try:
        if b" 200 " not in await reader.readline():
            raise AnswerError("a stream was refused")
        while line := await reader.readline():
            told[number] += line.startswith(b"data:") or line == b": \n"
    finally:
        writer.close()


@contextmanager
def _working(database: str, folder: Path) -> Iterator[None]:
    """A worker that does the jobs that are sent meanwhile, and no others."""
    command = [sys.executable, "-m", "millhand", "worker", "--queues", "bench", "--executors", "1"]
    with running([command], folder, environment(database, folder)):
        yield


@contextmanager
def _sending(database: str, folder: Path) -> Iterator[None]:
    """Jobs that come past the site, a few at a time."""
    over = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_send(database, folder, over)), name="sender")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def _send(database: str, folder: Path, over: threading.Event) -> None:
    sender = App(settings=Settings(database=database, data_dir=folder))
    sender.include(app)
    async with sender:
        while not over.is_set():
            await sender.enqueue_many([Noop(number=number) for number in range(_AT_ONCE)])
            await asyncio.sleep(_PAUSE)


def _percent(site: Site, seconds: float) -> float:
    """How busy the server is, in percent of one core."""
    began, before = time.perf_counter(), weigh([site.process]).cpu_seconds
    time.sleep(seconds)
    return 100 * (weigh([site.process]).cpu_seconds - before) / (time.perf_counter() - began)
