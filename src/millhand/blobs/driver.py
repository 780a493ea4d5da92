"""What a place for blobs must be able to do: move bytes. Counting, hashing and limits are the store's."""

from collections.abc import AsyncGenerator, Iterable
from typing import Protocol

from millhand.core.artefact import BlobInfo

CHUNK = 1024 * 1024
"""Bytes that are moved at a time: what a transfer holds in memory, however large the blob."""


class Driver(Protocol):
    """Reads and writes the URLs of one scheme; raises `BlobMissing`, `BlobFailed`, or `Permanent`."""

    async def stat(self, url: str) -> BlobInfo:
        """What a blob is, without reading it."""
        ...

    def read(self, url: str) -> AsyncGenerator[bytes]:
        """The content, in pieces of at most `CHUNK` bytes."""
        ...

    async def write(self, url: str, content: Iterable[bytes], media_type: str) -> None:
        """Put the whole content in place, or leave what was there. `content` is read in a thread."""
        ...

    async def delete(self, url: str) -> None:
        """Remove a blob; one that is not there is no error."""
        ...
