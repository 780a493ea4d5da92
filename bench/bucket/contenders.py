"""The ways to get documents converted that are measured: straight, by a plain loop, and by workers of ours."""

import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from bench.bucket.meter import Meter
from bench.documents.converters.engine import EngineConverter
from bench.processes import running
from bench.results import Contender
from millhand.testing.s3 import S3Server

NAME = "millhand"
INPUTS, OUTPUTS = "to-convert/", "converted/"
OURS = Contender(NAME, "workers with one executor each on a bucket, which share nothing but that")
STRAIGHT = Contender("straight", "the same engine, called by as many threads with files on the disk", against=NAME)
PLAIN = Contender(
    "plain loop", "list every 3 s, get, convert, put, delete; no lease, so only one can work", against=NAME
)
_LOOK_EVERY = 3.0
_MISSING = 120.0


class NotDoneError(Exception):
    """Not all documents were converted in time."""


@dataclass(frozen=True, slots=True)
class Place:
    """An empty bucket, and the way to it on which requests are noted."""

    server: S3Server
    bucket: str
    meter: Meter
    folder: Path

    @property
    def client(self) -> Any:  # noqa: ANN401 - boto3 makes the types of its clients while it runs
        """A client that goes by the meter."""
        access = self.server.access
        return boto3.client(
            "s3",
            endpoint_url=self.meter.endpoint,
            region_name=access.region,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
        )

    def fill(self, document: Path, count: int) -> None:
        """Put so many documents there."""
        client, body = self.client, document.read_bytes()
        with ThreadPoolExecutor(8) as threads:
            keys = [f"{INPUTS}{number:05}{document.suffix}" for number in range(count)]
            list(threads.map(lambda key: client.put_object(Bucket=self.bucket, Key=key, Body=body), keys))

    def wait_for(self, count: int) -> list[float]:
        """When each output was written; raises `NotDoneError`."""
        deadline = time.monotonic() + _MISSING + count
        while len(times := self.meter.times("put", OUTPUTS)) < count:
            if time.monotonic() > deadline:
                raise NotDoneError(f"{len(times)} of {count} documents were converted")
            time.sleep(0.05)
        return times


def straight(document: Path, folder: Path, count: int, at_once: int) -> list[float]:
    """When each of so many conversions was ready."""
    with EngineConverter(folder / "engine") as engine, ThreadPoolExecutor(at_once) as threads:
        engine.start()

        def convert(number: int) -> float:
            engine.convert(document, folder / f"{number}.pdf")
            return time.perf_counter()

        return sorted(threads.map(convert, range(count)))


@contextmanager
def workers(place: Place, count: int) -> Generator[None]:
    """So many workers of ours, each in a folder of its own."""
    access = place.server.access
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MILLHAND_", "AWS_"))},
        "AWS_ENDPOINT_URL": place.meter.endpoint,
        "AWS_ACCESS_KEY_ID": access.access_key_id,
        "AWS_SECRET_ACCESS_KEY": access.secret_access_key,
        "MILLHAND_BROKER": f"s3://{place.bucket}",
        "MILLHAND_HTTP__PORT": "0",
        "MILLHAND_WORKER__EXECUTORS": "1",
    }
    with ExitStack() as stack:
        for number in range(count):
            folder = place.folder / f"worker-{number}"
            folder.mkdir()
            stack.enter_context(running([[sys.executable, "-m", "millhand", "worker"]], folder, environment))
        yield


@contextmanager
def plain_loop(place: Place) -> Generator[None]:
    """The loop that everybody writes first, with the engine of ours."""
    stopped = threading.Event()
    with EngineConverter(place.folder / "engine") as engine:
        engine.start()
        loop = threading.Thread(target=_go_round, args=(place, engine.convert, stopped), name="plain loop")
        loop.start()
        try:
            yield
        finally:
            stopped.set()
            loop.join()


def _go_round(place: Place, convert: Callable[[Path, Path], None], stopped: threading.Event) -> None:
    client = place.client
    while not stopped.is_set():
        found = client.list_objects_v2(Bucket=place.bucket, Prefix=INPUTS).get("Contents", [])
        for key in (each["Key"] for each in found):
            source = place.folder / Path(key).name
            client.download_file(place.bucket, key, str(source))
            convert(source, source.with_suffix(".pdf"))
            client.upload_file(str(source.with_suffix(".pdf")), place.bucket, f"{OUTPUTS}{source.stem}.pdf")
            client.delete_object(Bucket=place.bucket, Key=key)
        if not found:
            stopped.wait(_LOOK_EVERY)
