"""Answers as Gotenberg's clients know them: one file as it is, several as a zip; errors as plain text."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import quote

from starlette.responses import PlainTextResponse, Response, StreamingResponse

from millhand.blobs import BlobStore
from millhand.core.artefact import Artefact
from millhand.core.errors import InvalidArgs, MillhandError
from millhand.core.limits import MIB
from millhand.web.gotenberg.errand import Errand
from millhand.web.problems import Refused, status_of

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Made:
    """What a request brings: a file, open, which goes when it is closed; and how it is to be named."""

    file: IO[bytes]
    size: int
    name: str
    media_type: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers that describe it; the name as in RFC 6266, also for those who read ASCII alone."""
        plain = "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in self.name)
        plain = plain.replace("\\", "_").replace('"', "_")
        return {
            "Content-Type": self.media_type,
            "Content-Length": str(self.size),
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(self.name, safe='')}",
        }


async def collect(blobs: BlobStore, errands: Sequence[Errand], made: Sequence[Artefact], name: str) -> Made:
    """Read what the jobs made; `name`, if it is not empty, is that of the answer without its suffix."""
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile(prefix="millhand-answer-"))
        if len(made) == 1:
            await _copy(blobs, made[0], file)
            own, media_type = made[0].name, made[0].media_type
        else:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for entry, artefact in zip(_apart(errands), made, strict=True):
                    with archive.open(zipfile.ZipInfo(entry), "w", force_zip64=True) as target:
                        await _copy(blobs, artefact, target)
            own, media_type = "documents.zip", "application/zip"
        size = file.tell()
        file.seek(0)
        stack.pop_all()
    shown = f"{name[:_LONGEST_NAME]}{PurePosixPath(own).suffix}" if name else own
    return Made(file, size, shown, media_type)


def response_of(made: Made) -> Response:
    """The answer with the file."""
    return StreamingResponse(_pieces(made.file), headers=made.headers)


def refusal(error: MillhandError) -> Response:
    """The answer for an error: its words as plain text, with the status that Gotenberg has for it."""
    headers = error.headers if isinstance(error, Refused) else {}
    status = 400 if isinstance(error, InvalidArgs) else status_of(error)
    words = f"{error.message}. {error.hint}" if error.hint else error.message
    return PlainTextResponse(words, status, headers)


async def _copy(blobs: BlobStore, artefact: Artefact, target: IO[bytes]) -> None:
    async for piece in blobs.stream(artefact.url):
        await asyncio.to_thread(target.write, piece)


def _apart(errands: Sequence[Errand]) -> list[str]:
    """Names for an archive, each of them once."""
    names: dict[str, None] = {}
    for number, errand in enumerate(errands):
        names[f"{number}-{errand.name}" if errand.name in names else errand.name] = None
    return list(names)


async def _pieces(file: IO[bytes]) -> AsyncGenerator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, MIB):
            yield piece
