"""The tables that the SQL broker and the ledger share, for SQLite and PostgreSQL alike.

All instants are microseconds since the Unix epoch, UTC; all JSON is text. A job's row is both the message that waits
and the head of its history, so that one transaction moves both.

SQLite uses a partial index only for a query that repeats the index's condition with literals: queries take `READY`,
`DUE`, `RUNNING` and `LIVE_KEY` from here.
"""

from typing import Any, TypeVar

import sqlalchemy as sa

from millhand.core.state import LIVE, State

SelectT = TypeVar("SelectT", bound="sa.Select[*tuple[Any, ...]]")

metadata = sa.MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "pk": "%(table_name)s_pkey",
    }
)

# SQLite numbers rows only for a column declared INTEGER; PostgreSQL wants eight bytes.
Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# A text that rows are found by, sorted by its bytes as in SQLite: the order of a language is slower, may change with an
# upgrade of the system and spoil indexes, and does not keep together what begins alike.
Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# PostgreSQL cleans a table once a fifth of it has changed. Here each row changes twice or more within minutes, and what
# is left of it stands in the way of every claim: clean after a hundredth, and without pauses.
VACUUM_OFTEN = {
    "autovacuum_vacuum_scale_factor": 0.01,
    "autovacuum_vacuum_threshold": 1_000,
    "autovacuum_vacuum_insert_scale_factor": 0.05,
    "autovacuum_analyze_scale_factor": 0.05,
    "autovacuum_vacuum_cost_delay": 0,
}

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("seq", Serial, primary_key=True, autoincrement=True),
    sa.Column("id", Name, nullable=False, unique=True),
    sa.Column("version", sa.SmallInteger, nullable=False),
    sa.Column("broker", sa.Text, nullable=False, server_default=""),
    sa.Column("kind", Name, nullable=False),
    sa.Column("queue", Name, nullable=False),
    sa.Column("tenant", Name, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("state", Name, nullable=False),
    sa.Column("args", sa.Text, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("key", Name),
    sa.Column("limit_key", Name, nullable=False),  # an empty text for none: lanes are compared as rows of texts
    sa.Column("parent_id", Name),
    sa.Column("failures", sa.SmallInteger, nullable=False),
    sa.Column("crashes", sa.SmallInteger, nullable=False),
    sa.Column("max_attempts", sa.SmallInteger, nullable=False),
    sa.Column("max_crashes", sa.SmallInteger, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("worker", Name),
    sa.Column("lease_until", sa.BigInteger),
    sa.Column("enqueued_at", sa.BigInteger, nullable=False),
    sa.Column("run_at", sa.BigInteger, nullable=False),
    sa.Column("claimed_at", sa.BigInteger),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("finished_at", sa.BigInteger),
    sa.Column("cancel_at", sa.BigInteger),
    sa.Column("progress", sa.Float),
    sa.Column("progress_text", sa.Text),
    sa.Column("result", sa.Text),
    sa.Column("error_code", Name),
    sa.Column("error_message", sa.Text),
    sa.Column("error_fingerprint", Name),
    sqlite_autoincrement=True,
    postgresql_with=VACUUM_OFTEN,
)


def in_state(*states: State) -> sa.ColumnElement[bool]:
    """The condition that a job is in one of these states, in literals."""
    literals = [sa.literal_column(f"'{state}'", sa.Text) for state in states]
    return jobs.c.state == literals[0] if len(literals) == 1 else jobs.c.state.in_(literals)


READY = in_state(State.AVAILABLE)
DUE = in_state(State.SCHEDULED, State.RETRYABLE)
RUNNING = in_state(State.RUNNING)
FAILING = in_state(State.DISCARDED, State.RETRYABLE)
FINISHED = jobs.c.finished_at.is_not(None)
LIVE_KEY = jobs.c.key.is_not(None) & in_state(*sorted(LIVE))

OURS = jobs.c.broker == sa.literal_column("''", sa.Text)
"""Not a row that only records a job of somebody else's broker."""


def is_in(state: State) -> sa.ColumnElement[bool]:
    """The condition that a job, found by its number, is in this state; it leads to no index of that state.

    Else PostgreSQL, where it believes that few jobs are in it, might read all of those to find a few by number.
    """
    return (jobs.c.state + sa.literal_column("''", sa.Text)) == sa.literal_column(f"'{state}'", sa.Text)


def _partial_index(
    name: str, where: sa.ColumnElement[bool], *columns: sa.ColumnElement[object], unique: bool = False
) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def by_index(statement: SelectT, index: str, table: sa.FromClause = jobs) -> SelectT:
    """Make SQLite read `table` by this index: without statistics it prefers `jobs_state`, and reads a backlog."""
    return statement.with_hint(table, f"INDEXED BY {index}", "sqlite")


def by_number(statement: SelectT) -> SelectT:
    """Make SQLite look up jobs by `seq`, and by no index."""
    return statement.with_hint(jobs, "NOT INDEXED", "sqlite")


_lane = (jobs.c.tenant, jobs.c.limit_key)
_partial_index("jobs_ready", READY, jobs.c.queue, jobs.c.priority.desc(), *_lane, jobs.c.seq)
_partial_index("jobs_due", DUE, jobs.c.queue, jobs.c.run_at, jobs.c.state)
_partial_index("jobs_running", RUNNING, jobs.c.queue, *_lane, jobs.c.lease_until)
_partial_index("jobs_live_key", LIVE_KEY, jobs.c.kind, jobs.c.key, unique=True)
_partial_index("jobs_parent", jobs.c.parent_id.is_not(None), jobs.c.parent_id, jobs.c.seq)
_partial_index("jobs_failing", FAILING, jobs.c.state, jobs.c.kind, jobs.c.error_fingerprint, jobs.c.seq)
_partial_index("jobs_finished", FINISHED, jobs.c.state, jobs.c.finished_at)
sa.Index("jobs_state", jobs.c.state, jobs.c.seq)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("job", Serial, primary_key=True, autoincrement=False),
    sa.Column("fence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.SmallInteger, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("executor", sa.Text, nullable=False),
    sa.Column("available_at", sa.BigInteger, nullable=False),
    sa.Column("claimed_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("finished_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("charge", sa.Text, nullable=False),
    sa.Column("failure", sa.Text),
    sqlite_with_rowid=False,
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("seq", Serial, primary_key=True, autoincrement=True),
    sa.Column("job_id", Name, nullable=False),
    sa.Column("attempt", sa.SmallInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("name", Name, nullable=False),
    sa.Column("level", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("fields", sa.Text),
    sa.Index("events_job", "job_id", "seq"),
    sqlite_autoincrement=True,
)

artefacts = sa.Table(
    "artefacts",
    metadata,
    sa.Column("seq", Serial, primary_key=True, autoincrement=True),
    sa.Column("job_id", Name, nullable=False),
    sa.Column("attempt", sa.SmallInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Index("artefacts_job", "job_id", "seq"),
)

queues = sa.Table(
    "queues",
    metadata,
    sa.Column("name", Name, primary_key=True),
    sa.Column("paused_at", sa.BigInteger),
    sa.Column("max_running", sa.Integer),
    sa.Column("max_per_tenant", sa.Integer),
    sa.Column("max_per_limit_key", sa.Integer),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", Name, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("queues", sa.Text, nullable=False),
    sa.Column("kinds", sa.Text, nullable=False),
    sa.Column("slots", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.Column("wish", sa.Text, nullable=False, server_default="work"),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("name", Name, primary_key=True),
    sa.Column("cron", sa.Text, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("missed", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("args", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("next_at", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.BigInteger),
    sa.Column("last_job_id", sa.Text),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", Serial, primary_key=True, autoincrement=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

# How many jobs ended in each minute, summed when it is over; `minute` is the instant of its beginning. A group of
# failures is told by `kind` and `fingerprint`, which are empty for the jobs that ended otherwise.
endings = sa.Table(
    "endings",
    metadata,
    sa.Column("state", Name, primary_key=True),
    sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("queue", Name, primary_key=True),
    sa.Column("kind", Name, primary_key=True),
    sa.Column("fingerprint", Name, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# How far a duty has come that goes along the time.
marks = sa.Table(
    "marks",
    metadata,
    sa.Column("name", Name, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
)

# What a broker notes of jobs that wait elsewhere, where that place can't be trusted with it.
notes = sa.Table(
    "notes",
    metadata,
    sa.Column("place", Name, primary_key=True),
    sa.Column("key", Name, primary_key=True),
    sa.Column("version", Name, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)

# The keys of the HTTP API. Of a key itself only the SHA-256 is kept.
api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("name", Name, primary_key=True),
    sa.Column("digest", Name, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("tenant", Name),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
)

# Which job stands for a request that its caller may repeat (`Idempotency-Key`).
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("caller", Name, primary_key=True),
    sa.Column("key", Name, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("job_id", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Index("requests_at", "at"),
)
