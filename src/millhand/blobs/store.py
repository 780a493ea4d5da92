"""The blob store: picks the driver by the URL's scheme, and counts, hashes and limits what passes through."""

import asyncio
import hashlib
import mimetypes
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from millhand.blobs.driver import CHUNK, Driver, Method
from millhand.blobs.files import FileDriver, file_errors, opened, to_the_end
from millhand.blobs.objects import ObjectDriver
from millhand.blobs.prefixes import InMemory, Prefix, Prefixes
from millhand.blobs.urls import scheme_of
from millhand.core.artefact import BlobInfo
from millhand.core.errors import Permanent
from millhand.stores import AzureAccess, S3Access, azure_container, memory_bucket, s3_bucket

DEFAULT_MEDIA_TYPE = "application/octet-stream"
_AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectAccess:
    """The places in object stores that jobs may use, and how the stores are reached."""

    prefixes: tuple[Prefix, ...] = ()
    s3: S3Access = field(default_factory=S3Access)
    azure: AzureAccess = field(default_factory=AzureAccess)


NO_OBJECTS = ObjectAccess()


@dataclass(frozen=True, slots=True)
class Access:
    """What drivers may use: `roots` are the folders in which `file://` URLs are allowed."""

    roots: tuple[Path, ...]
    objects: ObjectAccess


def _s3(access: Access) -> Driver:
    allowed, how = access.objects.prefixes, access.objects.s3
    return ObjectDriver(lambda name: s3_bucket(name, how), Prefixes(allowed, "s3"))


def _azure(access: Access) -> Driver:
    allowed, how = access.objects.prefixes, access.objects.azure
    return ObjectDriver(lambda name: azure_container(name, how), Prefixes(allowed, "az"))


SCHEMES: Mapping[str, Callable[[Access], Driver]] = {
    "file": lambda access: FileDriver(access.roots),
    "s3": _s3,
    "az": _azure,
    "azure": _azure,
    "memory": lambda _: ObjectDriver(lambda _: memory_bucket(), InMemory()),
}


class BlobStore:
    """The `Blobs` port: `file://` in the allowed folders, `s3://` and `az://` in the allowed places, `memory://` here.

    Raises `BlobMissing`; `BlobFailed`, or its uncharged kind `BlobStoreDown`; and `Permanent` with the code
    `bad_url`, `blob_not_allowed`, `unknown_scheme` or `too_large`.
    """

    def __init__(self, *, roots: Sequence[Path] = (), objects: ObjectAccess = NO_OBJECTS) -> None:
        self._access = Access(tuple(roots), objects)
        self._drivers: dict[str, Driver] = {}

    async def stat(self, url: str) -> BlobInfo:
        """What a blob is, without reading it; its media type may be guessed from the name, or None."""
        return await self._driver(url).stat(url)

    async def stream(self, url: str) -> AsyncGenerator[bytes]:
        """Read a blob piece by piece; each piece is at most a mebibyte."""
        async with self._driver(url).open(url) as blob, aclosing(blob.pieces) as pieces:
            async for piece in pieces:
                yield piece

    async def fetch(self, url: str, target: Path, *, max_bytes: int | None = None) -> BlobInfo:
        """Copy a blob into a file, hashing on the way.

        Above `max_bytes` it stops with `Permanent` (code `too_large`). Failing, it leaves no part of a file.
        """
        tally, begun = _Tally(url, max_bytes), False
        try:
            async with self._driver(url).open(url) as blob:
                tally.expect(blob.info.size)
                begun = True
                await _save(blob.pieces, target, tally)
        except BaseException:
            if begun:
                with suppress(OSError):  # the first error is the one to tell
                    await to_the_end(lambda: target.unlink(missing_ok=True))
            raise
        return tally.info(blob.info)

    async def put(self, content: Path | bytes, url: str, *, media_type: str | None = None) -> BlobInfo:
        """Write a blob so that readers see the old content or the whole new one, never a part.

        It is on disk, or accepted by the object store, when this returns.
        Without a media type, it is guessed from the name in the URL.
        """
        kind = media_type or _guess(url)
        tally = _Tally(url)
        etag = await self._driver(url).write(url, tally.counted(_pieces(content)), kind)
        return tally.info(BlobInfo(url, 0, media_type=kind, etag=etag))

    async def create(self, content: bytes, url: str, *, media_type: str | None = None) -> BlobInfo | None:
        """Write a small blob if there is none yet; None if there is one. Of many who try at once, one succeeds."""
        return await self._driver(url).create(url, content, media_type or _guess(url))

    async def replace(self, content: bytes, url: str, etag: str, *, media_type: str | None = None) -> BlobInfo | None:
        """Write a small blob in the place of the one with this etag; None if it has changed since, or is gone.

        Raises `NotSupported` for files, which have no etags.
        """
        return await self._driver(url).replace(url, content, etag, media_type or _guess(url))

    async def delete(self, url: str) -> None:
        """Remove a blob; removing one that is not there is harmless."""
        await self._driver(url).delete(url)

    async def walk(self, url: str) -> AsyncGenerator[BlobInfo]:
        """Every blob below a URL that ends a folder's name, such as `s3://bucket/in`; in the order of their names."""
        async with aclosing(self._driver(url).walk(url)) as blobs:
            async for info in blobs:
                yield info

    async def link(self, url: str, *, seconds: float = _AN_HOUR, method: Method = "GET") -> str:
        """An `https://` URL by which anyone may read (GET) or write (PUT) the blob for so long.

        Raises `NotSupported` for files and memory.
        """
        return await self._driver(url).link(url, seconds, method)

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

    def info(self, known: BlobInfo) -> BlobInfo:
        """What is known, with the size and the hash of what has passed."""
        return replace(known, size=self._size, sha256=self._hash.hexdigest())


async def _save(pieces: AsyncGenerator[bytes], target: Path, tally: _Tally) -> None:
    with file_errors(str(target)):
        file = await opened(lambda: target.open("wb"))
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    await asyncio.to_thread(_append, file, tally, piece)
        finally:
            await to_the_end(file.close)


def _guess(url: str) -> str:
    return mimetypes.guess_type(url)[0] or DEFAULT_MEDIA_TYPE


def _append(file: BinaryIO, tally: _Tally, chunk: bytes) -> None:
    file.write(tally.add(chunk))


def _pieces(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield from (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))
        return
    with file_errors(str(content)), content.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
