"""Choose where notes are kept: in the bucket if its conditions hold, else in the ledger's database, with a warning."""

import structlog

from millhand.brokers.bucket.broker import ChooseNotes
from millhand.brokers.bucket.note import Note
from millhand.brokers.bucket.notes import Kept, NoteStore, ObjectNotes
from millhand.brokers.bucket.place import Place
from millhand.brokers.bucket.probe import Conditions, probe
from millhand.core.clock import Clock
from millhand.database import Database, VersionedNotes
from millhand.stores import Bucket

_SERVER = "postgresql"


class DatabaseNotes:
    """Notes in the ledger's database: the condition of a write is the database's."""

    def __init__(self, texts: VersionedNotes) -> None:
        self._texts = texts

    async def versions(self) -> dict[str, str]:  # noqa: D102 - as in the protocol
        return await self._texts.versions()

    async def read(self, key: str) -> Kept | None:  # noqa: D102
        found = await self._texts.read(key)
        return None if found is None else Kept(Note.read(found[0].encode(), key), found[1])

    async def create(self, note: Note) -> str | None:  # noqa: D102
        return await self._texts.create(note.key, note.write().decode())

    async def replace(self, note: Note, version: str) -> str | None:  # noqa: D102
        return await self._texts.replace(note.key, note.write().decode(), version)

    async def delete(self, key: str) -> None:  # noqa: D102
        await self._texts.delete(key)


def chooser(database: Database, place: Place, clock: Clock) -> ChooseNotes:
    """How a broker on that place finds out, each time that it is opened."""

    async def choose(bucket: Bucket) -> NoteStore:
        found = await probe(bucket, clock.new_id())
        if found is Conditions.KEPT:
            return ObjectNotes(bucket)
        _warn(place, found, shared=database.url.startswith(_SERVER))
        await database.open()
        return DatabaseNotes(VersionedNotes(database, place.shown, clock.new_id))

    return choose


def _warn(place: Place, found: Conditions, *, shared: bool) -> None:
    log = structlog.get_logger("millhand.brokers.bucket").bind(place=place.shown, conditions=str(found))
    if shared:
        log.warning(
            "the store does not keep the conditions of writes: leases are kept in the database, which every worker on "
            "this place must share"
        )
    else:
        log.warning(
            "THE STORE DOES NOT KEEP THE CONDITIONS OF WRITES, and leases are kept in a file of this machine: a worker "
            "on another machine would do the same jobs again",
            fix="Run workers on this machine alone, or give all of them one PostgreSQL database.",
        )
