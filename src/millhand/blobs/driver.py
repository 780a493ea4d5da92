"""What a place for blobs must be able to do: move bytes. Counting, hashing and limits are the store's."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from millhand.core.artefact import BlobInfo

CHUNK = 1024 * 1024
"""Bytes that are moved at a time: what a transfer holds in memory, however large the blob."""

Method = Literal["GET", "PUT"]
"""What a link may be used for: to read, or to write."""


@dataclass(frozen=True, slots=True)
class OpenBlob:
    """A blob that is being read: what it is, and its content in pieces of at most `CHUNK` bytes."""

    info: BlobInfo
    pieces: AsyncGenerator[bytes]


class Driver(Protocol):
    """Reads and writes the URLs of one scheme.

    Raises `BlobMissing`, `BlobFailed`, `Permanent`, and `NotSupported` for what the place can't do.
    """

    async def stat(self, url: str) -> BlobInfo:
        """What a blob is, without reading it."""
        ...

    def open(self, url: str) -> AbstractAsyncContextManager[OpenBlob]:
        """Read a blob, as it is at this moment, to its end."""
        ...

    async def write(self, url: str, content: Iterable[bytes], media_type: str) -> str | None:
        """Put the whole content in place, or leave what was there; returns the etag. `content` is read in a thread."""
        ...

    async def create(self, url: str, content: bytes, media_type: str) -> BlobInfo | None:
        """Put the content in place if nothing is there; None if something is."""
        ...

    async def replace(self, url: str, content: bytes, etag: str, media_type: str) -> BlobInfo | None:
        """Put the content in the place of the one with this etag; None if another is there, or none."""
        ...

    async def delete(self, url: str) -> None:
        """Remove a blob; one that is not there is no error."""
        ...

    def walk(self, url: str) -> AsyncGenerator[BlobInfo]:
        """Every blob below a URL."""
        ...

    async def link(self, url: str, seconds: float, method: Method) -> str:
        """A URL by which anyone may use the blob for so long."""
        ...
