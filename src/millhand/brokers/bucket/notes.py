"""Where notes are kept: beside the jobs in the bucket, where the store can be trusted with conditional writes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from millhand.brokers.bucket.layout import NOTES, note_key, noted_key
from millhand.brokers.bucket.note import Note
from millhand.brokers.bucket.together import together
from millhand.core.errors import BlobMissing
from millhand.stores import Bucket

_LARGEST = 8 * 1024 * 1024
_MEDIA_TYPE = "application/json"
_MOST_PAGES = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """A note, and the version under which it is kept."""

    note: Note
    version: str


class NoteStore(Protocol):
    """Keeps notes by the key of their job. A write on condition tells the new version, or None if it was refused."""

    async def versions(self) -> dict[str, str]:
        """The key and the present version of every note; of very many, the first ten thousand."""
        ...

    async def read(self, key: str) -> Kept | None:
        """One note; None if there is none."""
        ...

    async def create(self, note: Note) -> str | None:
        """Keep a note on a job that has none."""
        ...

    async def replace(self, note: Note, version: str) -> str | None:
        """Keep a note in the place of the one of this version."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the note on a job."""
        ...


class ObjectNotes:
    """Notes as objects: the condition of a write is the store's own."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def versions(self) -> dict[str, str]:  # noqa: D102 - as in the protocol
        found: dict[str, str] = {}
        pages = 0
        async for page in self._bucket.pages(NOTES):
            found.update((noted_key(facts.key), facts.etag) for facts in page)
            pages += 1
            if pages == _MOST_PAGES:
                break
        return found

    async def read(self, key: str) -> Kept | None:  # noqa: D102
        try:
            body, facts = await self._bucket.read(note_key(key), max_bytes=_LARGEST)
        except BlobMissing:
            return None
        return Kept(Note.read(body, key), facts.etag)

    async def create(self, note: Note) -> str | None:  # noqa: D102
        return await self._bucket.create(note_key(note.key), note.write(), _MEDIA_TYPE)

    async def replace(self, note: Note, version: str) -> str | None:  # noqa: D102
        return await self._bucket.replace(note_key(note.key), note.write(), version, _MEDIA_TYPE)

    async def delete(self, key: str) -> None:  # noqa: D102
        await self._bucket.delete(note_key(key))


class Notes:
    """The notes as this process knows them: what has not changed is not read again."""

    def __init__(self, store: NoteStore) -> None:
        self._store = store
        self._known: dict[str, Kept] = {}

    async def versions(self) -> Mapping[str, str]:
        """The present version of every note; what is gone is forgotten."""
        versions = await self._store.versions()
        for key in [key for key in self._known if key not in versions]:
            del self._known[key]
        return versions

    async def get(self, keys: Iterable[str], versions: Mapping[str, str], now: int) -> dict[str, Kept]:
        """The notes on these jobs, as of those versions or newer.

        A note on a job that somebody holds changes with each renewal, and is not read again before that lease's end.
        """
        wanted = [key for key in keys if key in versions]
        unknown = [key for key in wanted if not self._is_known(key, versions[key], now)]
        await together([self.read(key) for key in unknown])
        return {key: self._known[key] for key in wanted if key in self._known}

    def known(self, key: str) -> Kept | None:
        """One note as it was when it was last seen."""
        return self._known.get(key)

    def _is_known(self, key: str, version: str, now: int) -> bool:
        kept = self._known.get(key)
        if kept is None:
            return False
        holder = kept.note.holder
        return kept.version == version or (holder is not None and holder.until > now and kept.note.done is None)

    async def read(self, key: str) -> Kept | None:
        """One note as it is now."""
        kept = await self._store.read(key)
        if kept is None:
            self._known.pop(key, None)
        else:
            self._known[key] = kept
        return kept

    async def put(self, note: Note, over: Kept | None) -> Kept | None:
        """Keep a note in the place of another, or of none; None if it is not that one any more.

        The store may have written it and its answer been lost: then the note that is there is this one.
        """
        if over is None:
            version = await self._store.create(note)
        else:
            version = await self._store.replace(note, over.version)
        if version is None:
            there = await self.read(note.key)
            return there if there is not None and there.note == note else None
        kept = self._known[note.key] = Kept(note, version)
        return kept

    async def delete(self, key: str) -> None:
        """Forget the note on a job."""
        await self._store.delete(key)
        self._known.pop(key, None)
