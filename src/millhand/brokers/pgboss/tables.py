"""What the tables of this pg-boss look like: every statement is made for the columns that are really there."""

from dataclasses import dataclass

from millhand.brokers.pgboss.connections import Connection, rows
from millhand.core.errors import SchemaMismatch

_OLDEST = 21
_OLDEST_RELEASE = "10.0"
_NEEDED = frozenset({
    "id", "name", "priority", "data", "state", "retry_limit", "retry_count", "retry_delay", "retry_backoff",
    "start_after", "started_on", "singleton_key", "singleton_on", "created_on", "completed_on", "keep_until", "output",
    "dead_letter", "policy",
})  # fmt: skip

# The name as it is given if there is such a schema; else in lower case, as an unquoted name is folded.
_SCHEMA = """
SELECT nspname AS name FROM pg_namespace, CAST(%(name)s AS text) AS given
WHERE nspname IN (given, lower(given)) ORDER BY nspname = given DESC
"""
_COLUMNS = """
SELECT c.relname AS table, a.attname AS name
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s::text AND c.relname IN ('job', 'queue', 'version') AND a.attnum > 0 AND NOT a.attisdropped
"""
_FEATURES = """
SELECT
  EXISTS (SELECT FROM pg_proc WHERE pronamespace = n.oid AND proname = 'job_now' AND pronargs = 0) AS clock,
  EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = 'archive') AS archive,
  EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = 'job_dependency') AS flows,
  EXISTS (SELECT FROM pg_indexes WHERE schemaname = n.nspname AND indexdef LIKE '%%''exclusive''%%') AS exclusive
FROM pg_namespace n WHERE n.nspname = %(schema)s::text
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """One schema of pg-boss.

    `named` is the schema as the user writes it, which pg-boss puts into its lock keys; `schema` is its real name.
    `clock` says that pg-boss takes the time from a function, `exclusive` that the database keeps the queue policy
    `exclusive`, `archive` that finished jobs move to a table of their own, `flows` that jobs wait for others.
    """

    named: str
    schema: str
    version: int
    job: frozenset[str]
    queue: frozenset[str]
    stamps: frozenset[str]
    clock: bool = False
    exclusive: bool = False
    archive: bool = False
    flows: bool = False

    @property
    def now(self) -> str:
        """The instant now, in SQL."""
        return f"{self.name('job_now')}()" if self.clock else "now()"

    @property
    def expiry(self) -> str:
        """The instant at which an active job `j` has used up its time, in SQL."""
        return "j.started_on + " + ("j.expire_in" if "expire_in" in self.job else "j.expire_seconds * interval '1 s'")

    def name(self, relation: str) -> str:
        """A relation of the schema, quoted."""
        return f"{quoted(self.schema)}.{quoted(relation)}"

    def if_column(self, column: str, fragment: str) -> str:
        """The fragment where the job table has this column, else nothing."""
        return fragment if column in self.job else ""

    @property
    def channel(self) -> str:
        """The channel on which pg-boss tells of new jobs, in SQL."""
        return f"('pgboss_' || left(encode(sha224({literal(self.named)}::bytea), 'hex'), 24))"

    def lock_key(self, operation: str = "") -> str:
        """The key of the advisory lock under which pg-boss does this, in SQL."""
        subject = literal(f".pgboss.{self.named}{operation}")
        return f"('x' || encode(sha224((current_database() || {subject})::bytea), 'hex'))::bit(64)::bigint"


def quoted(identifier: str) -> str:
    """An identifier in SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL; a percent sign is doubled, since drivers read it."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


async def detect(connection: Connection, named: str) -> Tables:
    """Look what is there; raises `SchemaMismatch` where pg-boss is missing, or too old."""
    found = await rows(connection, _SCHEMA, {"name": named})
    columns = await rows(connection, _COLUMNS, {"schema": found[0]["name"]}) if found else []
    by_table = {table: _names(columns, table) for table in ("job", "queue", "version")}
    if not all(by_table.values()):
        raise SchemaMismatch(
            f"there are no tables of pg-boss in the schema '{named}'",
            hint="Start the application that uses pg-boss once: it makes them. Or correct `schema=` in the URL.",
        )
    schema = found[0]["name"]
    [version] = await rows(connection, f"SELECT max(version) AS version FROM {quoted(schema)}.version", {})
    if version["version"] is None or version["version"] < _OLDEST or not by_table["job"] >= _NEEDED:
        raise SchemaMismatch(
            f"the tables of pg-boss in the schema '{named}' are of version {version['version']}, which is too old",
            hint=f"Use pg-boss {_OLDEST_RELEASE} or newer.",
        )
    [features] = await rows(connection, _FEATURES, {"schema": schema})
    return Tables(
        named=named,
        schema=schema,
        version=version["version"],
        job=by_table["job"],
        queue=by_table["queue"],
        stamps=by_table["version"],
        **features,
    )


def _names(columns: list[dict[str, str]], table: str) -> frozenset[str]:
    return frozenset(column["name"] for column in columns if column["table"] == table)
