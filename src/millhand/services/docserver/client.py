"""The client: a DOCX goes in, a PDF comes out, by a worker through the bucket, or else by LibreOffice here.

from millhand.services.docserver.client import convert
convert(Path("letter.docx")).save(Path("letter.pdf"))
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from millhand.blobs.replace import replace_file
from millhand.config import Settings, load
from millhand.core.clock import Clock, SystemClock
from millhand.core.errors import BlobFailed
from millhand.handlers.documents.pdf_check import producer
from millhand.services.docserver.errors import BadAnswer, DocumentRefused, NotConverted
from millhand.services.docserver.exchange import Exchange
from millhand.services.docserver.health import Health, Liveness, read_health
from millhand.services.docserver.local import LocalEngine
from millhand.services.docserver.place import bucket_at
from millhand.services.docserver.service import adapted
from millhand.services.docserver.settings import DocserverSettings
from millhand.stores import Bucket

_SHARE, _MOST = 0.25, 30.0
"""What of its time a client leaves for the local engine: a quarter, and half a minute at most."""

_OF_THE_DOCUMENT = frozenset(
    {
        "bad_document", "cancelled", "corrupt_document", "dangerous_xml", "empty_document", "no_such_page",
        "password_needed", "too_large", "too_large_for_format", "truncated_document", "unsupported_document",
        "wrong_suffix", "zip_bomb",
    }
)  # fmt: skip
"""Failures that another engine would only repeat."""


class Maker(StrEnum):
    """Who made a PDF."""

    WORKER = "worker"
    HERE = "here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdf:
    """A PDF: what is in it, which engine made it and who ran that, and how many seconds it all took.

    `degraded` says that it was made here, in place of a worker, and `why_here` for what reason; `facts` is then what
    `document.convert` tells of it, such as its fonts.
    """

    content: bytes = field(repr=False)
    engine: str
    by: Maker
    seconds: float
    why_here: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def degraded(self) -> bool:
        """Whether it may look different from what a worker would have made."""
        return self.by is Maker.HERE

    def save(self, path: Path) -> None:
        """Write it: whoever looks sees the old file or the whole new one."""
        replace_file(path, [self.content])


class Client:
    """Asks one document server; use it as a context, and for many documents at once, who then share a local engine.

    Without a local engine it waits for a worker to the end of its time.
    """

    def __init__(self, bucket: Bucket, *, seconds: float, local: LocalEngine | None, clock: Clock) -> None:
        self._bucket = bucket
        self._seconds = seconds
        self._local = local
        self._clock = clock

    @classmethod
    def of(cls, general: Settings, own: DocserverSettings, via: str = "", *, fallback: bool = True) -> Self:
        """The client of the server that `via` names as s3://bucket/folder, or else its variables."""
        settings = adapted(general, own)
        bucket = bucket_at(settings, via)
        local = LocalEngine(settings) if fallback else None
        return cls(bucket, seconds=own.docserver_timeout, local=local, clock=SystemClock())

    @classmethod
    def from_environment(cls, via: str = "", *, fallback: bool = True) -> Self:
        """The same, by the variables of this process and its `docserver.env`; raises `ConfigError`."""
        return cls.of(load(), DocserverSettings.read(), via, fallback=fallback)

    async def convert(self, docx: Path | bytes, *, seconds: float | None = None) -> Pdf:
        """Have a document converted, within so many seconds, or else the DOCSERVER_TIMEOUT.

        What is put into the bucket for it is removed, whatever happens. Raises `DocumentRefused` for a document that
        can't be converted, `NotConverted` if there is no PDF for now.
        """
        content = docx if isinstance(docx, bytes) else await asyncio.to_thread(docx.read_bytes)
        began = self._clock.monotonic()
        exchange = Exchange(self._bucket, self._clock.new_id())
        try:
            pdf, why = await self._asked(exchange, content, self._patience(seconds or self._seconds))
            if pdf is not None:
                engine = await asyncio.to_thread(producer, pdf)
                return Pdf(content=pdf, engine=engine, by=Maker.WORKER, seconds=self._since(began))
            return await self._made_here(content, began, why)
        finally:
            await asyncio.shield(exchange.clear())

    async def health_check(self) -> Health:
        """Whether a worker lives, by its heartbeat and this machine's clock; raises `BlobFailed`."""
        return await read_health(self._bucket, self._clock.now())

    async def close(self) -> None:
        """End the local engine."""
        if self._local is not None:
            await self._local.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _patience(self, seconds: float) -> float:
        return seconds if self._local is None else seconds - min(seconds * _SHARE, _MOST)

    def _since(self, began: float) -> float:
        return round(self._clock.monotonic() - began, 3)

    async def _asked(self, exchange: Exchange, content: bytes, patience: float) -> tuple[bytes | None, str]:
        """The PDF of a worker, or the reason why there is none."""
        try:
            async with asyncio.timeout(patience + 1.0):  # a store that is stuck must not hold up what follows
                return await self._by_worker(exchange, content, patience)
        except TimeoutError:
            return None, f"the bucket does not answer within {patience:g} s"
        except (BlobFailed, BadAnswer) as error:
            return None, error.message
        except DocumentRefused as error:
            if self._local is None or error.code in _OF_THE_DOCUMENT:
                raise
            return None, f"the worker failed: {error.message}"

    async def _by_worker(self, exchange: Exchange, content: bytes, patience: float) -> tuple[bytes | None, str]:
        began = self._clock.monotonic()
        sent = await exchange.send(content)
        # By the store's clock, as the document has just been stamped by it: this machine's may be wrong.
        health = await read_health(self._bucket, sent.modified)
        if self._local is not None and health.liveness is not Liveness.FRESH:
            await exchange.withdraw()
            return None, f"no worker is there: its heartbeat is {health.liveness}"
        pdf = await exchange.answer(patience - self._since(began))
        if pdf is None:
            await exchange.withdraw()
            return None, f"no worker made it within {patience:g} s"
        return pdf, ""

    async def _made_here(self, content: bytes, began: float, why: str) -> Pdf:
        if self._local is None:
            raise NotConverted(f"there is no PDF: {why}")
        pdf, facts = await self._local.convert(content)
        engine = f"LibreOffice {facts.get('engine_version', '')}".rstrip()
        return Pdf(content=pdf, engine=engine, by=Maker.HERE, seconds=self._since(began), why_here=why, facts=facts)


async def convert_async(
    docx: Path | bytes, *, via: str = "", seconds: float | None = None, fallback: bool = True
) -> Pdf:
    """Convert one document by the server that the variables name, or `via`; for many, use one `Client`."""
    async with Client.from_environment(via, fallback=fallback) as client:
        return await client.convert(docx, seconds=seconds)


def convert(docx: Path | bytes, *, via: str = "", seconds: float | None = None, fallback: bool = True) -> Pdf:
    """The same for programs without an event loop."""
    return asyncio.run(convert_async(docx, via=via, seconds=seconds, fallback=fallback))


async def health_check_async(via: str = "") -> Health:
    """Whether a worker lives; raises `BlobFailed` if the bucket can't be read."""
    async with Client.from_environment(via, fallback=False) as client:
        return await client.health_check()


def health_check(via: str = "") -> Health:
    """The same for programs without an event loop."""
    return asyncio.run(health_check_async(via))
