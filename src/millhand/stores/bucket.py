"""One bucket: objects by key, read in pieces, written whole, on condition if wished, and listed page by page."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import quote

import obstore
from obstore.exceptions import BaseError

from millhand.core.clock import as_instant
from millhand.core.errors import BlobMissing, Permanent
from millhand.stores.errors import Words, condition_failed, store_errors
from millhand.stores.facts import ObjectFacts
from millhand.stores.keys import check_key
from millhand.stores.links import Linker, Method
from millhand.stores.parts import MEDIA_TYPE, PART, Store, first_part, put_parts

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from obstore import GetResult, ObjectMeta, PutMode

CHUNK = 1024 * 1024
"""Bytes that are handed on at a time."""
DEFAULT_MEDIA_TYPE = "application/octet-stream"

_PAGE = 1_000
_KEPT = "/:!$&'()*+,;=@~"


@dataclass(frozen=True, slots=True)
class Opened:
    """An object that is being read: what it is, and its content in pieces of at most `CHUNK` bytes."""

    facts: ObjectFacts
    pieces: AsyncGenerator[bytes]


class Bucket:
    """The objects of one bucket or container, or of a folder of it: keys are then those within the folder.

    Every call may raise `BlobFailed`, or its uncharged kind `BlobStoreDown`; those that read, `BlobMissing`; all of
    them `Permanent` (code `bad_key`) for a key that is not to be used.
    """

    def __init__(self, store: Store, words: Words, linker: Linker) -> None:
        self._store = store
        self._words = words
        self._linker = linker

    @property
    def url(self) -> str:
        """The URL of the bucket or folder, without a slash at the end."""
        return self._words.url

    def url_of(self, key: str) -> str:
        """The URL of an object in it."""
        return f"{self.url}/{quote(key, safe=_KEPT)}"

    async def stat(self, key: str) -> ObjectFacts:
        """What an object is, without reading it."""
        with self._errors(key):
            found = await obstore.get_async(self._store, check_key(key), options={"head": True})
        return _facts(found.meta, found.attributes.get(MEDIA_TYPE))

    async def find(self, key: str) -> ObjectFacts | None:
        """What an object is; None if there is none."""
        try:
            return await self.stat(key)
        except BlobMissing:
            return None

    @asynccontextmanager
    async def open(self, key: str) -> AsyncGenerator[Opened]:
        """Read an object: the pieces are those of the content that the facts describe, even if it is replaced."""
        with self._errors(key):
            found = await obstore.get_async(self._store, check_key(key))
        yield Opened(_facts(found.meta, found.attributes.get(MEDIA_TYPE)), self._pieces(key, found))

    async def read(self, key: str, *, max_bytes: int) -> tuple[bytes, ObjectFacts]:
        """A small object as a whole; raises `Permanent` (code `too_large`) above `max_bytes`."""
        async with self.open(key) as opened:
            if opened.facts.size > max_bytes:
                message = f"'{self.url_of(key)}' is larger than the {max_bytes:,} bytes that are allowed here"
                raise Permanent(message, code="too_large")
            async with aclosing(opened.pieces) as pieces:
                return b"".join([piece async for piece in pieces]), opened.facts

    async def put(self, key: str, content: bytes, media_type: str = DEFAULT_MEDIA_TYPE) -> str:
        """Write an object, whatever was there; returns its etag."""
        with self._errors(key):
            return await self._put(key, content, media_type, "overwrite")

    async def create(self, key: str, content: bytes, media_type: str = DEFAULT_MEDIA_TYPE) -> str | None:
        """Write an object unless there is one; returns its etag, or None if there is one.

        After a lost answer the client tries again, and may then meet the very object that it has just made: who must
        know reads it back.
        """
        return await self._put_if(key, content, media_type, "create")

    async def replace(self, key: str, content: bytes, etag: str, media_type: str = DEFAULT_MEDIA_TYPE) -> str | None:
        """Write an object if the one there has this etag; returns the new etag, or None if it has another or is gone.

        As with `create`, None may also follow a success whose answer was lost.
        """
        return await self._put_if(key, content, media_type, {"e_tag": etag})

    async def upload(self, key: str, content: Iterable[bytes], media_type: str = DEFAULT_MEDIA_TYPE) -> str:
        """Write an object from pieces, which are taken in a thread; returns its etag.

        What is larger than `PART` goes in parts. The store shows the object when all of it is there; if anything
        fails, or the caller is cancelled, the parts are thrown away, and what was there before stays.
        """
        pieces = iter(content)
        head = await asyncio.to_thread(first_part, pieces)
        if len(head) < PART:
            return await self.put(key, head, media_type)
        with self._errors(key):
            return await put_parts(self._store, check_key(key), chain([head], pieces), media_type)

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        with suppress(BlobMissing), self._errors(key):
            await obstore.delete_async(self._store, check_key(key))

    async def copy(self, source: str, target: str) -> None:
        """Copy an object within the bucket, in the store itself."""
        with self._errors(source):
            await obstore.copy_async(self._store, check_key(source), check_key(target))

    async def pages(self, prefix: str = "", *, after: str = "") -> AsyncGenerator[list[ObjectFacts]]:
        """The objects below a prefix, a request for each page of up to a thousand.

        `prefix` is a folder: `in` holds `in/a` but not `inner/a`. Only keys that sort behind `after` are listed.
        """
        folder, last = prefix or None, after or None
        stream = obstore.list(  # pyright: ignore[reportUnknownMemberType] - of its kinds for arrow tables
            self._store, folder, offset=last, chunk_size=_PAGE
        )
        while True:
            with self._errors(prefix):
                page = await anext(stream, None)
            if page is None:
                return
            yield [_facts(meta) for meta in page]

    async def folders(self, folder: str) -> list[str]:
        """The names of the folders in a folder, sorted. Objects in it are listed as well, so there should be few."""
        with self._errors(folder):
            found = await obstore.list_with_delimiter_async(  # pyright: ignore[reportUnknownMemberType] - as above
                self._store, folder or None
            )
        return sorted(prefix.rstrip("/").rpartition("/")[2] for prefix in found["common_prefixes"])

    async def link(self, key: str, seconds: float, method: Method = "GET") -> str:
        """A URL by which anyone may read (GET) or write (PUT) the object for so long, without credentials.

        Raises `NotSupported` where nothing can sign it.
        """
        with self._errors(key):
            return await self._linker(check_key(key), seconds, method)

    def _errors(self, key: str) -> "AbstractContextManager[None]":
        return store_errors(self._words, self.url_of(key))

    async def _pieces(self, key: str, found: "GetResult") -> AsyncGenerator[bytes]:
        with self._errors(key):
            async for piece in found.stream(min_chunk_size=CHUNK):
                view = memoryview(piece)
                for start in range(0, len(view), CHUNK):
                    yield bytes(view[start : start + CHUNK])

    async def _put(self, key: str, content: bytes, media_type: str, mode: "PutMode") -> str:
        attributes = {MEDIA_TYPE: media_type}
        written = await obstore.put_async(
            self._store, check_key(key), content, attributes=attributes, mode=mode, use_multipart=False
        )
        return written["e_tag"] or ""

    async def _put_if(self, key: str, content: bytes, media_type: str, mode: "PutMode") -> str | None:
        with self._errors(key):
            try:
                return await self._put(key, content, media_type, mode)
            except (BaseError, FileNotFoundError) as error:
                if condition_failed(error):
                    return None
                raise


def _facts(meta: "ObjectMeta", media_type: str | None = None) -> ObjectFacts:
    return ObjectFacts(
        key=meta["path"],
        size=meta["size"],
        etag=meta["e_tag"] or "",
        modified=as_instant(meta["last_modified"]),
        media_type=media_type,
    )
