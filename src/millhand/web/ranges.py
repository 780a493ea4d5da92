"""Blobs as answers, whole or a part of them (RFC 9110, section 14)."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from millhand.blobs import BlobStore
from millhand.core.artefact import Artefact
from millhand.web.problems import Refused

_SHOWN_IN_PLACE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/webp", "text/plain"})
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a blob: where it begins, and how long it is."""

    start: int
    length: int


async def answer(blobs: BlobStore, artefact: Artefact, asked: Headers, *, inline: bool = False) -> Response:
    """The content of an artefact, or what the `Range` header asks of it; raises `Refused` (416), `BlobMissing`."""
    headers = await _headers(blobs, artefact, inline=inline)
    etag = headers["ETag"]
    if asked.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    part = None if asked.get("if-range", etag) != etag else part_of(asked.get("range", ""), artefact.size)
    chosen = part or Part(0, artefact.size)
    headers["Content-Length"] = str(chosen.length)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{artefact.size}"
    pieces = _pieces(blobs, artefact.url, chosen)
    return StreamingResponse(pieces, 200 if part is None else 206, headers, media_type=artefact.media_type)


async def head(blobs: BlobStore, artefact: Artefact, asked: Headers, *, inline: bool = False) -> Response:
    """What `HEAD` is answered: the headers of the whole, without reading the blob; raises `BlobMissing`."""
    headers = await _headers(blobs, artefact, inline=inline)
    if asked.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(artefact.size)
    return Response(headers=headers, media_type=artefact.media_type)


async def _headers(blobs: BlobStore, artefact: Artefact, *, inline: bool) -> dict[str, str]:
    """The headers of every answer with this file; raises `Refused` (410) if it is another one by now."""
    info = await blobs.stat(artefact.url)
    if info.size != artefact.size:
        raise Refused(
            410, f"the file of '{artefact.name}' has been replaced", code="blob_changed", hint="Run the job again."
        )
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",  # kept by who may see it, and asked for again by its ETag
        "ETag": f'"{artefact.sha256}"',
        "Content-Disposition": _disposition(artefact, inline=inline),
        "Content-Security-Policy": _SANDBOX,
    }


def part_of(header: str, size: int) -> Part | None:
    """The one part that a `Range` header asks for; None for the whole, as for what is not understood.

    Raises `Refused` (416) for a part that is not there.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if match[1]:
        start, end = int(match[1]), min(int(match[2] or size - 1), size - 1)
    else:
        start, end = max(0, size - int(match[2])), size - 1
    if match[1] and match[2] and int(match[2]) < start:
        return None
    if start > end:
        raise Refused(
            416,
            f"the file has {size:,} bytes, and none of those that are asked for",
            code="no_such_range",
            hint="Ask for a part that is there.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return Part(start, end - start + 1)


async def _pieces(blobs: BlobStore, url: str, part: Part) -> AsyncGenerator[bytes]:
    skip, left = part.start, part.length
    async with aclosing(blobs.stream(url)) as pieces:
        async for piece in pieces:
            wanted = piece[skip : skip + left]
            skip = max(0, skip - len(piece))
            left -= len(wanted)
            if wanted:
                yield wanted
            if not left:
                return


def _disposition(artefact: Artefact, *, inline: bool) -> str:
    """Shown in place only if it is asked for and can't run anything there; the name as in RFC 6266 and 8187."""
    kind = "inline" if inline and artefact.media_type in _SHOWN_IN_PLACE else "attachment"
    return f"{kind}; filename*=UTF-8''{quote(artefact.name, safe='')}"
