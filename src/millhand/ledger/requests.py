"""Requests that may be repeated: which job stands for the `Idempotency-Key` of a caller, for a day."""

from dataclasses import dataclass

import sqlalchemy as sa

from millhand.core.clock import after
from millhand.database import Database
from millhand.database.bulk import insert
from millhand.database.tables import requests

KEPT_FOR = 86_400.0
"""Seconds for which a repeated request is known again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The job that stands for a request, and the digest of what was asked for."""

    job_id: str
    digest: str


class Requests:
    """The stored requests of all callers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, caller: str, key: str, digest: str, job_id: str) -> Claim:
        """Note that this job is to stand for the request; the answer is the one noted first, which may be another.

        It is noted before the job is sent, under the job's id: whoever repeats the request sends the same job.
        """
        now = self._database.clock.now()
        row = {"caller": caller, "key": key, "digest": digest, "job_id": job_id, "at": now}
        known = sa.select(requests.c.job_id, requests.c.digest).where(
            requests.c.caller == caller, requests.c.key == key
        )

        def store(connection: sa.Connection) -> Claim:
            connection.execute(sa.delete(requests).where(requests.c.at < after(now, -KEPT_FOR)))
            connection.execute(insert(connection.dialect, requests, row).on_conflict_do_nothing())
            found = connection.execute(known).one()
            return Claim(found.job_id, found.digest)

        return await self._database.write(store)
