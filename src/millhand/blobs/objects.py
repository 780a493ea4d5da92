"""Blobs in object stores, inside the places that jobs may use and nowhere else."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from millhand.blobs.driver import Method, OpenBlob
from millhand.core.artefact import BlobInfo
from millhand.stores import Bucket, ObjectFacts


class Rules(Protocol):
    """What a URL names, and whether jobs may use it; raises `Permanent` if not."""

    def place(self, url: str) -> tuple[str, str]:
        """The bucket and the key of an object."""
        ...

    def folder(self, url: str) -> tuple[str, str]:
        """The bucket and the folder whose objects are to be listed."""
        ...


class ObjectDriver:
    """Reads and writes the objects of one kind of store; `opener` makes the client of a bucket by its name."""

    def __init__(self, opener: Callable[[str], Bucket], rules: Rules) -> None:
        self._opener = opener
        self._rules = rules
        self._buckets: dict[str, Bucket] = {}

    async def stat(self, url: str) -> BlobInfo:
        """Size, etag and stored media type."""
        bucket, key = self._place(url)
        return _info(url, await bucket.stat(key))

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[OpenBlob]:
        """The object as it was when reading began."""
        bucket, key = self._place(url)
        async with bucket.open(key) as opened:
            yield OpenBlob(_info(url, opened.facts), opened.pieces)

    async def write(self, url: str, content: Iterable[bytes], media_type: str) -> str | None:
        """Put the object; a store shows it only when all of it is there."""
        bucket, key = self._place(url)
        return await bucket.upload(key, content, media_type)

    async def create(self, url: str, content: bytes, media_type: str) -> BlobInfo | None:
        """Put the object if there is none."""
        bucket, key = self._place(url)
        etag = await bucket.create(key, content, media_type)
        return None if etag is None else BlobInfo(url, len(content), media_type=media_type, etag=etag)

    async def replace(self, url: str, content: bytes, etag: str, media_type: str) -> BlobInfo | None:
        """Put the object in the place of the one with this etag."""
        bucket, key = self._place(url)
        new = await bucket.replace(key, content, etag, media_type)
        return None if new is None else BlobInfo(url, len(content), media_type=media_type, etag=new)

    async def delete(self, url: str) -> None:
        """Remove the object."""
        bucket, key = self._place(url)
        await bucket.delete(key)

    async def walk(self, url: str) -> AsyncGenerator[BlobInfo]:
        """Every object below a URL, in the order of their keys."""
        name, folder = self._rules.folder(url)
        bucket = self._bucket(name)
        async for page in bucket.pages(folder):
            for facts in page:
                yield _info(bucket.url_of(facts.key), facts)

    async def link(self, url: str, seconds: float, method: Method) -> str:
        """A signed URL; what it allows needs no credentials."""
        bucket, key = self._place(url)
        return await bucket.link(key, seconds, method)

    def _place(self, url: str) -> tuple[Bucket, str]:
        name, key = self._rules.place(url)
        return self._bucket(name), key

    def _bucket(self, name: str) -> Bucket:
        if name not in self._buckets:
            self._buckets[name] = self._opener(name)
        return self._buckets[name]


def _info(url: str, facts: ObjectFacts) -> BlobInfo:
    return BlobInfo(url, facts.size, media_type=facts.media_type, etag=facts.etag or None, modified=facts.modified)
