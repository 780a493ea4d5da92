"""A PostgreSQL database with a long history and a long backlog, which counts the rows that statements look at."""

from collections.abc import Callable
from typing import Self

import psycopg
import sqlalchemy as sa

from millhand.core.clock import SystemClock
from millhand.database import Database

BACKLOG = 12_000
STATISTICS = ["none", "of an empty table", "before the backlog", "of now"]
"""What the server may believe of the table."""

_FILL = """
INSERT INTO millhand.jobs (id, version, kind, queue, tenant, priority, state, args, headers, limit_key, failures,
    crashes, max_attempts, max_crashes, fence, enqueued_at, run_at, finished_at, key)
SELECT 'a' || n || prefix, 1, 'k', queue, tenant, 0, state, '{{}}', '{{}}', limit_key, 0, 0, 5, 3, 0, n, due, done, NULL
FROM generate_series(1, {count}) n, (VALUES {rows}) AS row (prefix, queue, tenant, limit_key, state, due, done)
"""
_ENDED = "('done', 'main', 'a', '', 'completed', 1, 5::bigint), ('done2', 'other', '', '', 'completed', 1, 5)"
_WAITING = """
('a1', 'main', 'a', 'k1', 'available', 1, NULL::bigint), ('a2', 'main', 'a', 'k2', 'available', 1, NULL),
('b', 'main', 'b', '', 'available', 1, NULL), ('o', 'other', '', '', 'available', 1, NULL),
('s', 'other', '', '', 'scheduled', 9000000000000000, NULL), ('t', 'main', 'b', '', 'retryable', 9000000000000000, NULL)
"""
_FETCHED = "SELECT sum(seq_tup_read + idx_tup_fetch)::int FROM pg_stat_xact_user_tables WHERE schemaname = 'millhand'"


class LongStore:
    """A database with a long history and a long backlog, and a count of the rows that statements look at."""

    def __init__(self, url: str, statistics: str) -> None:
        self.clock = SystemClock()
        self._database = Database.at(url, clock=self.clock)
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("ALTER TABLE millhand.jobs SET (autovacuum_enabled = off)")
            admin.execute("INSERT INTO millhand.queues (name) VALUES ('main'), ('other'), ('empty')")
            if statistics == "of an empty table":
                admin.execute("ANALYZE millhand.jobs")
            admin.execute(_FILL.format(count=BACKLOG, rows=_ENDED).encode())
            if statistics == "before the backlog":
                admin.execute("ANALYZE millhand.jobs")
            admin.execute(_FILL.format(count=BACKLOG, rows=_WAITING).encode())
            if statistics == "of now":
                admin.execute("ANALYZE millhand.jobs")

    async def __aenter__(self) -> Self:
        await self._database.open()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._database.close()

    async def rows_read(self, operation: Callable[[sa.Connection], object], *, times: int = 8) -> int:
        """The most that one of several runs looks at: statements are planned anew after a few of them."""

        def counted(connection: sa.Connection) -> int:
            before = connection.exec_driver_sql(_FETCHED).scalar() or 0
            operation(connection)
            return (connection.exec_driver_sql(_FETCHED).scalar() or 0) - before

        return max([await self._database.write(counted) for _ in range(times)])
