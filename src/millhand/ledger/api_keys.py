"""The keys of the HTTP API: made once, shown once, kept as a hash.

A key is 32 random bytes, so nobody guesses one, however quick the hash: a slow hash, as passwords need, would
only make each request slow. What is stolen from the database opens nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from millhand.core.errors import NotFound, UsageError
from millhand.database import Database
from millhand.database.bulk import insert
from millhand.database.tables import api_keys

PREFIX = "mh_"
"""What every key begins with, so that it is known as one wherever it turns up."""

_RANDOM_BYTES = 32
_MOST = 10_000
_KNOWN = sa.select(*(column for column in api_keys.c if column.name != "digest"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is known: all but the key itself. A `tenant` of None means all of them."""

    name: str
    role: str
    tenant: str | None
    created_at: int
    created_by: str
    revoked_at: int | None = None


class ApiKeys:
    """The stored keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, role: str, tenant: str | None, by: str) -> str:
        """Make a key, and return it: this is the only time that it can be seen. Raises `UsageError` for a taken name.

        The name of a revoked key stays taken, so that the audit trail means one key by it.
        """
        key = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        row = {
            "name": name,
            "digest": digest(key),
            "role": role,
            "tenant": tenant,
            "created_at": self._database.clock.now(),
            "created_by": by,
        }

        def store(connection: sa.Connection) -> bool:
            added = insert(connection.dialect, api_keys, row).on_conflict_do_nothing().returning(api_keys.c.name)
            return connection.scalar(added) is not None

        if not await self._database.write(store):
            raise UsageError(f"there is a key '{name}' already", hint="Choose another name, even if it was revoked.")
        return key

    async def revoke(self, name: str) -> None:
        """Let a key open nothing from now on; raises `NotFound`. Revoking it again changes nothing."""
        now = self._database.clock.now()

        def store(connection: sa.Connection) -> int:
            known = api_keys.c.name == name
            connection.execute(sa.update(api_keys).where(known, api_keys.c.revoked_at.is_(None)).values(revoked_at=now))
            return connection.scalar(sa.select(sa.func.count()).where(known)) or 0

        if not await self._database.write(store):
            raise NotFound(f"there is no key '{name}'", hint="`millhand keys list` shows them.")

    async def find(self, key: str) -> ApiKey | None:
        """The key of which this is the text, unless there is none or it was revoked."""
        wanted = _KNOWN.where(api_keys.c.digest == digest(key), api_keys.c.revoked_at.is_(None))
        row = await self._database.read(lambda connection: connection.execute(wanted).mappings().one_or_none())
        return None if row is None else ApiKey(**row)

    async def all(self) -> tuple[ApiKey, ...]:
        """Every key, revoked ones too, by name."""
        wanted = _KNOWN.order_by(api_keys.c.name).limit(_MOST)
        rows = await self._database.read(lambda connection: connection.execute(wanted).mappings().all())
        return tuple(ApiKey(**row) for row in rows)


def digest(key: str) -> str:
    """What is kept of a key: its SHA-256 in hex."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()
