"""One document's way through the bucket: put, waited for, fetched, and cleared away whatever came of it."""

import asyncio
import json
from typing import Any, cast

import structlog

from millhand.brokers.bucket.layout import failed_key, note_key, reason_key
from millhand.brokers.bucket.note import Note
from millhand.core.errors import BlobFailed, BlobMissing, BlobStoreDown
from millhand.services.docserver.errors import BadAnswer, DocumentRefused
from millhand.services.docserver.place import INPUTS, OUTPUTS
from millhand.stores import Bucket, ObjectFacts

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FIRST_LOOK, _SLOWEST_LOOK, _GROWTH = 0.1, 2.0, 1.3
_LARGEST_PDF = 1024 * 1024 * 1024
_LARGEST_NOTE = 1024 * 1024
_TAIL = 5.0
"""Seconds after its PDF in which a worker ends its job."""
_LAST_TRY = 2.0
_TRIES = 3
_LINGER = 10.0
"""Seconds that a worker may take to let go of a document that nobody waits for any more."""


class Exchange:
    """A document under a name of its own in the folders of the document server. The calls raise `BlobFailed`."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._input = f"{INPUTS}/{name}.docx"
        self._output = f"{OUTPUTS}/{name}.pdf"
        self._patience = 0.0
        self._unanswered = False
        self._withdrawn = False
        self._log = structlog.get_logger("millhand.docserver").bind(document=self._input)

    async def send(self, docx: bytes) -> ObjectFacts:
        """Put the document; what comes back tells the store's time, too."""
        self._patience = _LAST_TRY  # it may come through without an answer, and nobody should wait long for that
        try:
            await self._bucket.upload(self._input, [docx], _DOCX)
        except BlobStoreDown:
            raise
        except BlobFailed:
            self._patience = 0.0  # it was refused, so nothing was put
            raise
        self._patience, self._unanswered = 2 * _LINGER, True
        return await self._bucket.stat(self._input)

    async def answer(self, seconds: float) -> bytes | None:
        """The PDF, or None if there is none after so long; an outage of the store in between is waited out.

        Raises `DocumentRefused` if a worker gave the document up, `BadAnswer` for what is no PDF.
        """
        clock = asyncio.get_running_loop().time
        give_up_at, pause = clock() + seconds, _FIRST_LOOK
        while True:
            try:
                if (pdf := await self._look()) is not None:
                    return pdf
            except BlobStoreDown as error:
                self._log.debug("the bucket is away; looking again", reason=error.message)
            if (left := give_up_at - clock()) <= 0:
                return None
            await asyncio.sleep(min(pause, left))
            pause = min(pause * _GROWTH, _SLOWEST_LOOK)

    async def withdraw(self) -> None:
        """Take the document back; a worker that is at it is asked to stop."""
        self._withdrawn = True
        await self._bucket.delete(self._input)
        for _ in range(_TRIES):  # its lease may be renewed in between
            if await self._asked_to_stop():
                return

    async def clear(self) -> None:
        """Remove all that there is of the document; raises nothing: what could not be removed is told in the log."""
        if not self._patience:  # nothing was put
            return
        try:
            async with asyncio.timeout(self._patience):
                if self._unanswered:
                    await self._let_go()
                await self._remove()
        except (BlobFailed, TimeoutError) as error:
            self._log.warning("objects may be left in the bucket", reason=str(error))

    async def _let_go(self) -> None:
        """See to it that no worker brings anything any more."""
        if not self._withdrawn:
            await self.withdraw()
        if not await self._until_gone(note_key(self._input), _LINGER):
            self._log.warning("a worker still has the document: its PDF may be left in the bucket")

    async def _look(self) -> bytes | None:
        pdf, reason = await asyncio.gather(self._bucket.find(self._output), self._bucket.find(reason_key(self._input)))
        self._unanswered = pdf is None and reason is None
        if pdf is not None:
            await self._until_gone(self._input, _TAIL)  # a worker that is not told to expect it would miss the PDF
            return await self._fetched()
        if reason is not None:
            raise await self._refusal()
        return None

    async def _fetched(self) -> bytes:
        content, _ = await self._bucket.read(self._output, max_bytes=_LARGEST_PDF)
        if not content.startswith(b"%PDF-"):
            raise BadAnswer(f"what the document server made of '{self._input}' is no PDF")
        return content

    async def _refusal(self) -> DocumentRefused:
        body, _ = await self._bucket.read(reason_key(self._input), max_bytes=_LARGEST_NOTE)
        try:
            told = cast("dict[str, Any]", json.loads(body))
            code, message, hint = (str(told.get(name) or "") for name in ("code", "message", "hint"))
        except (ValueError, AttributeError):
            return DocumentRefused("the document server gave it up, and does not say why")
        return DocumentRefused(message, code=code, hint=hint)

    async def _asked_to_stop(self) -> bool:
        """Whether the worker that has the document knows that it need not go on; so does nobody."""
        key = note_key(self._input)
        try:
            body, facts = await self._bucket.read(key, max_bytes=_LARGEST_NOTE)
        except BlobMissing:
            return True
        note = Note.read(body, self._input)
        if note.holder is None or note.done is not None:
            return True
        return await self._bucket.replace(key, note.asked_to_cancel().write(), facts.etag) is not None

    async def _until_gone(self, key: str, seconds: float) -> bool:
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + seconds
        while clock() < give_up_at:
            if await self._bucket.find(key) is None:
                return True
            await asyncio.sleep(_FIRST_LOOK)
        return False

    async def _remove(self) -> None:
        keys = (self._input, self._output, failed_key(self._input), reason_key(self._input))
        await asyncio.gather(*(self._bucket.delete(key) for key in keys))
