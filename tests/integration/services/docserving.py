"""Document servers for tests: `millhand worker docserver` as a process, and a peer that works as the original does."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from millhand.app.attached import Pulse
from millhand.brokers.bucket.layout import note_key
from millhand.config import Settings, load
from millhand.core.clock import SystemClock, after
from millhand.core.errors import BlobFailed
from millhand.demo import samples
from millhand.services.docserver.heartbeat import Heartbeat
from millhand.services.docserver.record import Record
from millhand.services.docserver.service import adapted
from millhand.services.docserver.settings import DocserverSettings
from millhand.stores import Bucket, S3Access, s3_bucket

DOCX = next(sample for sample in samples() if sample.name == "hebrew-notice.docx")
HOST = "127.0.0.1"


def variables(access: S3Access, bucket: str) -> dict[str, str]:
    """The variables of the original, for that server."""
    return {
        "MINIO_ENDPOINT": HOST,
        "MINIO_PORT": access.endpoint.rpartition(":")[2],
        "MINIO_SECURE": "false",
        "MINIO_ACCESS_KEY": access.access_key_id,
        "MINIO_SECRET_KEY": access.secret_access_key,
        "MINIO_BUCKET": bucket,
    }


class Yard:
    """A bucket, and those who work on it."""

    def __init__(self, access: S3Access, name: str) -> None:
        self.bucket: Bucket = s3_bucket(name, access)
        self.own = DocserverSettings.read(variables(access, name))
        self.general: Settings = load(environ={}, folder=Path("/nowhere"))

    async def keys(self) -> set[str]:
        """What is there of documents."""
        found = {facts.key async for page in self.bucket.pages() for facts in page}
        return {key for key in found if key.startswith(("to-convert/", "converted/", "failed/"))}

    async def inputs(self) -> list[str]:
        return sorted(key for key in await self.keys() if key.startswith("to-convert/"))

    async def beat(self) -> None:
        """Say that a worker lives."""
        settings = adapted(self.general, self.own)
        await Heartbeat(lambda: settings, Record(), SystemClock()).beat(Pulse("a peer", (), ()))

    async def hold(self, key: str) -> None:
        """Take a document as a worker does, and do nothing."""
        holder = {"token": "t", "worker": "w", "until": after(SystemClock().now(), 60)}
        await self.bucket.put(note_key(key), json.dumps({"key": key, "holder": holder}).encode())

    async def is_called_off(self, key: str) -> bool:
        """Whether its holder was asked to stop."""
        return b'"cancel":true' in (await self.bucket.read(note_key(key), max_bytes=10_000))[0]

    async def let_go(self, key: str) -> None:
        """Hold it no longer."""
        await self.bucket.delete(note_key(key))

    @asynccontextmanager
    async def peer(self, *, pdf: bytes) -> AsyncGenerator[None]:
        """One that makes this PDF of every document, and removes the document after that, as the original does."""

        async def work() -> None:
            while True:
                for key in await self.inputs():
                    name = Path(key).stem
                    await self.bucket.put(f"converted/{name}.pdf", pdf, "application/pdf")
                    await self.bucket.delete(key)
                await asyncio.sleep(0.05)

        await self.beat()
        working = asyncio.create_task(work())
        try:
            yield
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError, BlobFailed):
                await working


@contextmanager
def worker(folder: Path, **told: str) -> Generator["subprocess.Popen[str]"]:
    """The service as a process, told by a file in its folder alone, as long as the block lasts."""
    folder.mkdir()
    (folder / "docserver.env").write_text("".join(f"{name}={value}\n" for name, value in told.items()))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MILLHAND_", "AWS_", "MINIO_"))}
    quick = {
        "MILLHAND_HTTP__PORT": "0",
        "MILLHAND_WORKER__EXECUTORS": "1",
        "MILLHAND_WORKER__LEASE": "3s",
        "MILLHAND_WORKER__OUTAGE_PAUSES": "0.3s",
        "MILLHAND_LOG__FORMAT": "json",
    }
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "millhand", "worker", "docserver"],
            cwd=folder,
            env={**kept, **quick},
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)
