"""The client's own engine: LibreOffice on this machine, started at the first need, for all documents of a client."""

import asyncio
import json
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millhand.app.app import App
from millhand.app.handler_settings import document_settings
from millhand.app.here import Here, here
from millhand.blobs import BlobStore, url_of
from millhand.config import Settings
from millhand.core.clock import SystemClock
from millhand.core.errors import MillhandError
from millhand.core.events import LogLine, Progress
from millhand.core.failure import Failure
from millhand.core.outcome import Completed, Discarded, Retry
from millhand.handlers.documents.convert import ConvertDocument, documents
from millhand.services.docserver.errors import DocumentRefused, NotConverted


@dataclass(frozen=True, slots=True)
class _Opened:
    folder: Path
    place: Here


class LocalEngine:
    """Converts documents in this process's care, so many at a time; close it when it is no longer needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._at_once = settings.worker.executor_count
        self._turns = asyncio.Semaphore(self._at_once)
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._opened: _Opened | None = None

    async def convert(self, docx: bytes) -> tuple[bytes, Mapping[str, Any]]:
        """The PDF, and what `document.convert` says of it; raises `DocumentRefused` or `NotConverted`."""
        async with self._turns:
            opened = await self._open()
            name = SystemClock().new_id()
            source, target = opened.folder / f"{name}.docx", opened.folder / f"{name}.pdf"
            try:
                await asyncio.to_thread(source.write_bytes, docx)
                args = ConvertDocument(source=url_of(source), target=url_of(target), engine="libreoffice")
                match await opened.place.run(opened.place.job(args), _silent):
                    case Completed(result=result):
                        return await asyncio.to_thread(target.read_bytes), json.loads(result or "{}")
                    case Discarded(failure=why):
                        raise _error(DocumentRefused, why)
                    case Retry(failure=why):
                        raise _error(NotConverted, why)
                    case _:
                        raise NotConverted("the local conversion was interrupted")
            finally:
                for file in (source, target):
                    await asyncio.to_thread(file.unlink, missing_ok=True)

    async def close(self) -> None:
        """End the engine. Calling it twice, or before it was used, is harmless."""
        async with self._opening:
            self._opened = None
            await self._stack.aclose()

    async def _open(self) -> _Opened:
        async with self._opening:
            if self._opened is None:
                text = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="millhand-docserver-"))
                folder = Path(text)
                app = App(settings=self._settings.model_copy(update={"data_dir": folder}))
                app.include(documents(document_settings(self._settings)))
                place = await self._stack.enter_async_context(
                    here(app, blobs=BlobStore(roots=[folder]), threads=self._at_once)
                )
                self._opened = _Opened(folder, place)
            return self._opened


def _silent(event: Progress | LogLine) -> None:
    """Nobody follows it."""


def _error(kind: type[MillhandError], why: Failure) -> MillhandError:
    return kind(why.message, code=why.code, hint=why.hint)
