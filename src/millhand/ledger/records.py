"""The plain record of a job, nothing redacted: what the program that enqueued it gets back. People get views instead."""

from dataclasses import dataclass

import sqlalchemy as sa

from millhand.core.failure import Failure
from millhand.core.state import State
from millhand.database import Database
from millhand.database.tables import jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A job's row; `args` and `result` are JSON text, instants are microseconds since the epoch."""

    id: str
    kind: str
    state: State
    args: str
    queue: str
    tenant: str
    priority: int
    failures: int
    crashes: int
    max_attempts: int
    max_crashes: int
    key: str | None
    enqueued_at: int
    run_at: int
    started_at: int | None
    finished_at: int | None
    result: str | None
    parent_id: str | None
    error_code: str | None
    error_message: str | None

    @property
    def failure(self) -> Failure | None:
        """The last failure, without its traceback."""
        if self.error_code is None:
            return None
        return Failure(self.error_code, self.error_code, self.error_message or "")


_BY_ID = sa.select(*(jobs.c[name] for name in Record.__dataclass_fields__)).where(jobs.c.id == sa.bindparam("job_id"))


class Records:
    """Reads plain records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, job_id: str) -> Record | None:
        """The record of a job, or None."""

        def read(connection: sa.Connection) -> Record | None:
            row = connection.execute(_BY_ID, {"job_id": job_id}).mappings().one_or_none()
            return None if row is None else Record(**{**row, "state": State(row["state"])})

        return await self._database.read(read)
