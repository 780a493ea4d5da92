"""Create jobs, their history, and the tables that control queues, workers and schedules.

Revision 0001, the first.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create all tables."""
    _create_jobs()
    _create_history()
    _create_control()


def _where(condition: str) -> dict[str, Any]:
    """Make an index partial on both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("broker", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("queue", _NAME, nullable=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("key", _NAME, nullable=True),
        sa.Column("limit_key", _NAME, nullable=False),
        sa.Column("parent_id", _NAME, nullable=True),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("crashes", sa.SmallInteger(), nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("max_crashes", sa.SmallInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("worker", _NAME, nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("enqueued_at", sa.BigInteger(), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("cancel_at", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=True),
        sa.Column("progress_text", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error_code", _NAME, nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_fingerprint", _NAME, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="jobs_pkey"),
        sa.UniqueConstraint("id", name="jobs_id_unique"),
        sqlite_autoincrement=True,
        postgresql_with={
            "autovacuum_vacuum_scale_factor": 0.01,
            "autovacuum_vacuum_threshold": 1_000,
            "autovacuum_vacuum_insert_scale_factor": 0.05,
            "autovacuum_analyze_scale_factor": 0.05,
            "autovacuum_vacuum_cost_delay": 0,
        },
    )
    op.create_index("jobs_due", "jobs", ["queue", "run_at", "state"], **_where("state IN ('scheduled', 'retryable')"))
    op.create_index(
        "jobs_failing",
        "jobs",
        ["state", "kind", "error_fingerprint", "seq"],
        **_where("state IN ('discarded', 'retryable')"),
    )
    op.create_index("jobs_finished", "jobs", ["state", "finished_at"], **_where("finished_at IS NOT NULL"))
    op.create_index(
        "jobs_live_key",
        "jobs",
        ["kind", "key"],
        unique=True,
        **_where("\"key\" IS NOT NULL AND state IN ('available', 'retryable', 'running', 'scheduled')"),
    )
    op.create_index("jobs_parent", "jobs", ["parent_id", "seq"], **_where("parent_id IS NOT NULL"))
    op.create_index(
        "jobs_ready",
        "jobs",
        ["queue", sa.literal_column("priority DESC"), "tenant", "limit_key", "seq"],
        **_where("state = 'available'"),
    )
    op.create_index(
        "jobs_running", "jobs", ["queue", "tenant", "limit_key", "lease_until"], **_where("state = 'running'")
    )
    op.create_index("jobs_state", "jobs", ["state", "seq"])


def _create_history() -> None:
    op.create_table(
        "artefacts",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("job_id", _NAME, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="artefacts_pkey"),
    )
    op.create_index("artefacts_job", "artefacts", ["job_id", "seq"])
    op.create_table(
        "attempts",
        sa.Column("job", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("fence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("executor", sa.Text(), nullable=False),
        sa.Column("available_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("charge", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("job", "fence", name="attempts_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("job_id", _NAME, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name="events_pkey"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_job", "events", ["job_id", "seq"])


def _create_control() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="audit_pkey"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "queues",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("max_running", sa.Integer(), nullable=True),
        sa.Column("max_per_tenant", sa.Integer(), nullable=True),
        sa.Column("max_per_limit_key", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="queues_pkey"),
    )
    op.create_table(
        "schedules",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("missed", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("last_job_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="schedules_pkey"),
    )
    op.create_table(
        "workers",
        sa.Column("id", _NAME, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="workers_pkey"),
    )
    op.create_table(
        "notes",
        sa.Column("place", _NAME, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("version", _NAME, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", "key", name="notes_pkey"),
    )
