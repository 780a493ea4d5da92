"""What a PostgreSQL server says of itself, for those who look whether it serves well."""

from dataclasses import dataclass

import sqlalchemy as sa

from millhand.database.engines import READERS, WRITERS_ON_SERVER, postgres_module

CONNECTIONS_OF_A_PROCESS = READERS + WRITERS_ON_SERVER + 1
"""The most that one process takes: readers, writers, and one that listens."""

_SETTINGS = """
SELECT current_setting('server_version'), pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int,
    current_setting('fsync')::bool AND current_setting('full_page_writes')::bool,
    coalesce((SELECT extract(epoch FROM now() - min(xact_start)) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()), 0)::float8
"""
_ROWS = "SELECT n_live_tup, n_dead_tup FROM pg_stat_user_tables WHERE relname = 'jobs' AND schemaname = "


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """The state of a server at one moment.

    `connections` is how many it allows to ordinary users, `used` how many there are. `oldest_transaction` is how many
    seconds ago the oldest one on this database began. `dead_rows` are left of changed jobs, until they are vacuumed.
    """

    version: str
    read_only: bool
    connections: int
    used: int
    keeps_what_it_commits: bool
    oldest_transaction: float
    live_rows: int
    dead_rows: int
    pooled: bool


def read_facts(connection: sa.Connection, schema: str) -> ServerFacts:
    """Ask the server."""
    version, read_only, connections, used, safe, oldest = connection.exec_driver_sql(_SETTINGS).one()
    counted = connection.exec_driver_sql(f"{_ROWS}%s::text", (schema,)).one_or_none()
    live, dead = (0, 0) if counted is None else counted
    return ServerFacts(
        version=version,
        read_only=read_only,
        connections=connections,
        used=used,
        keeps_what_it_commits=safe,
        oldest_transaction=oldest,
        live_rows=live,
        dead_rows=dead,
        pooled=postgres_module().is_pooled(connection),
    )
