"""Small texts by place and key, each written on condition of the version that it replaces."""

from collections.abc import Callable

import sqlalchemy as sa

from millhand.database.bulk import insert
from millhand.database.database import Database
from millhand.database.tables import notes

_MOST = 10_000


class VersionedNotes:
    """The texts of one place; whoever shares the database shares them. `new_id` makes versions, none twice."""

    def __init__(self, database: Database, place: str, new_id: Callable[[], str]) -> None:
        self._database = database
        self._place = place
        self._new_id = new_id

    async def versions(self) -> dict[str, str]:
        """The key and the version of each, up to ten thousand of them."""
        query = sa.select(notes.c.key, notes.c.version).where(notes.c.place == self._place).limit(_MOST)
        found = await self._database.read(lambda connection: connection.execute(query).all())
        return {row.key: row.version for row in found}

    async def read(self, key: str) -> tuple[str, str] | None:
        """Text and version; None if there is none."""
        query = sa.select(notes.c.body, notes.c.version).where(self._is(key))
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else (row.body, row.version)

    async def create(self, key: str, body: str) -> str | None:
        """Write a text where there is none; its version, or None if there is one."""
        version = self._new_id()
        row = {"place": self._place, "key": key, "version": version, "body": body}
        written = await self._database.write(lambda connection: _insert(connection, row))
        return version if written else None

    async def replace(self, key: str, body: str, version: str) -> str | None:
        """Write a text in the place of the one of that version; the new version, or None if it is another or gone."""
        new = self._new_id()
        change = sa.update(notes).where(self._is(key), notes.c.version == version).values(version=new, body=body)
        written = await self._database.write(lambda connection: connection.execute(change).rowcount)
        return new if written else None

    async def delete(self, key: str) -> None:
        """Remove a text; one that is not there is no error."""
        await self._database.write(lambda connection: connection.execute(sa.delete(notes).where(self._is(key))))

    def _is(self, key: str) -> sa.ColumnElement[bool]:
        return sa.and_(notes.c.place == self._place, notes.c.key == key)


def _insert(connection: sa.Connection, row: dict[str, str]) -> bool:
    added = insert(connection.dialect, notes, row).on_conflict_do_nothing().returning(notes.c.key)
    return connection.execute(added).first() is not None
