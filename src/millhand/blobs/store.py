"""The blob store: picks the driver by the URL's scheme, and counts, hashes and limits what passes through."""

import asyncio
import hashlib
import mimetypes
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from millhand.blobs.driver import CHUNK, Driver
from millhand.blobs.files import FileDriver, file_errors, opened
from millhand.blobs.objects import memory_driver
from millhand.blobs.urls import scheme_of
from millhand.core.artefact import BlobInfo
from millhand.core.errors import Permanent

DEFAULT_MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Access:
    """What drivers may use: `roots` are the folders in which `file://` URLs are allowed."""

    roots: tuple[Path, ...] = ()


SCHEMES: Mapping[str, Callable[[Access], Driver]] = {
    "file": lambda access: FileDriver(access.roots),
    "memory": lambda _: memory_driver(),
}


class BlobStore:
    """The `Blobs` port: `file://` inside the allowed folders, and `memory://` inside this object.

    Raises `BlobMissing`; `BlobFailed`, or its uncharged kind `BlobStoreDown`; and `Permanent` with the code
    `bad_url`, `blob_not_allowed`, `unknown_scheme` or `too_large`.
    """

    def __init__(self, *, roots: Sequence[Path] = ()) -> None:
        self._access = Access(tuple(roots))
        self._drivers: dict[str, Driver] = {}

    async def stat(self, url: str) -> BlobInfo:
        """What a blob is, without reading it; its media type may be guessed from the name, or None."""
        return await self._driver(url).stat(url)

    async def stream(self, url: str) -> AsyncGenerator[bytes]:
        """Read a blob piece by piece; each piece is at most a mebibyte."""
        async with aclosing(self._driver(url).read(url)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def fetch(self, url: str, target: Path, *, max_bytes: int | None = None) -> BlobInfo:
        """Copy a blob into a file, hashing on the way.

        Above `max_bytes` it stops with `Permanent` (code `too_large`). Failing, it leaves no part of a file.
        """
        info = await self.stat(url)
        tally = _Tally(url, max_bytes)
        tally.expect(info.size)
        try:
            await self._copy(url, target, tally)
        except BaseException:
            with suppress(OSError):  # the first error is the one to tell
                await asyncio.to_thread(target.unlink, missing_ok=True)
            raise
        return tally.info(info.media_type)

    async def put(self, content: Path | bytes, url: str, *, media_type: str | None = None) -> BlobInfo:
        """Write a blob so that readers see the old content or the whole new one, never a part.

        It is on disk, or accepted by the object store, when this returns.
        Without a media type, it is guessed from the name in the URL.
        """
        kind = media_type or mimetypes.guess_type(url)[0] or DEFAULT_MEDIA_TYPE
        tally = _Tally(url)
        await self._driver(url).write(url, tally.counted(_pieces(content)), kind)
        return tally.info(kind)

    async def delete(self, url: str) -> None:
        """Remove a blob; removing one that is not there is harmless."""
        await self._driver(url).delete(url)

    def _driver(self, url: str) -> Driver:
        scheme = scheme_of(url)
        if scheme not in SCHEMES:
            raise Permanent(
                f"there is no blob storage for '{scheme}' URLs",
                code="unknown_scheme",
                hint=f"Use one of: {', '.join(SCHEMES)}.",
            )
        if scheme not in self._drivers:
            self._drivers[scheme] = SCHEMES[scheme](self._access)
        return self._drivers[scheme]

    async def _copy(self, url: str, target: Path, tally: "_Tally") -> None:
        with file_errors(str(target)):
            file = await opened(lambda: target.open("wb"))
            try:
                async with aclosing(self.stream(url)) as chunks:
                    async for chunk in chunks:
                        await asyncio.to_thread(_append, file, tally, chunk)
            finally:
                await asyncio.to_thread(file.close)


class _Tally:
    """Size and SHA-256 of what has passed so far."""

    def __init__(self, url: str, max_bytes: int | None = None) -> None:
        self._url = url
        self._max_bytes = max_bytes
        self._size = 0
        self._hash = hashlib.sha256()

    def add(self, chunk: bytes) -> bytes:
        self.expect(self._size + len(chunk))
        self._size += len(chunk)
        self._hash.update(chunk)
        return chunk

    def expect(self, size: int) -> None:
        if self._max_bytes is not None and size > self._max_bytes:
            raise Permanent(
                f"'{self._url}' is larger than the {self._max_bytes:,} bytes that are allowed here",
                code="too_large",
                hint="Send a smaller file, or raise the limit in the settings.",
            )

    def counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        return map(self.add, chunks)

    def info(self, media_type: str | None) -> BlobInfo:
        return BlobInfo(self._url, self._size, self._hash.hexdigest(), media_type)


def _append(file: BinaryIO, tally: _Tally, chunk: bytes) -> None:
    file.write(tally.add(chunk))


def _pieces(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield from (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))
        return
    with file_errors(str(content)), content.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
