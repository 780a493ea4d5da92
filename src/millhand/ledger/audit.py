"""The audit trail: who did what to what, for commands that people and programs give."""

from collections.abc import Mapping

import sqlalchemy as sa

from millhand.database import Database
from millhand.database.tables import audit
from millhand.ledger.store import to_json


class Audit:
    """Appends to the audit trail; reading it is the inspector's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, actor: str, action: str, target: str, details: Mapping[str, object] | None = None) -> None:
        """Note that `actor` (`cli:ann`, `api:key-name`) did `action` (`job.retry`) to `target` (an id, a queue)."""
        row = {
            "at": self._database.clock.now(),
            "actor": actor,
            "action": action,
            "target": target,
            "details": to_json(dict(details or {})),
        }

        def store(connection: sa.Connection) -> None:
            connection.execute(sa.insert(audit).values(**row))

        await self._database.write(store)
