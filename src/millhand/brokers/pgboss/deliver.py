"""From the row of a claimed job to a delivery."""

from typing import Any

from millhand.brokers.pgboss.backoff import RowBackoff
from millhand.brokers.pgboss.connections import Row
from millhand.brokers.pgboss.envelope import Envelope, unwrap
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.tables import Tables
from millhand.core.clock import as_instant
from millhand.core.job import DEFAULT_TENANT, Delivery

_NO_CRASH_CAP = 1_000_000
_NO_DATA = "{}"

_READ = (
    "priority", "retry_count", "retry_limit", "retry_delay", "retry_backoff", "retry_delay_max", "start_after",
    "created_on", "started_on", "group_id", "trace_context", "heartbeat_seconds",
)  # fmt: skip


def returned(tables: Tables) -> str:
    """The columns that a claim returns."""
    read = ", ".join(f"j.{column}" for column in _READ if column in tables.job)
    return f"j.id::text AS id, j.data::text AS data, {read}"


def delivery(row: Row, queue: Queue, kind: str, tables: Tables, lease_until: int) -> Delivery:
    """Make a delivery; `kind` is that of the queue's jobs, for those that do not name their own."""
    envelope = unwrap(row["data"])
    about: dict[str, Any] = {
        "receipt": row["retry_count"],
        "fence": as_instant(row["started_on"]),
        "job_id": row["id"],
        "queue": queue.name,
        "priority": row["priority"],
        "enqueued_at": as_instant(row["created_on"]),
        "available_at": as_instant(max(row["start_after"], row["created_on"])),
        "claimed_at": as_instant(row["started_on"]),
        "lease_until": lease_until,
    }
    if envelope is not None:
        return Delivery(**about, **_ours(envelope, row, kind))
    return Delivery(**about, **_theirs(row, kind, tables))


def _ours(envelope: Envelope, row: Row, kind: str) -> dict[str, Any]:
    return {
        "kind": envelope.kind or kind,
        "args": envelope.args,
        "tenant": envelope.tenant,
        "headers": envelope.headers,
        "failures": max(0, row["retry_count"] - envelope.crashes),
        "crashes": envelope.crashes,
        "max_attempts": envelope.max_attempts,
        "max_crashes": envelope.max_crashes,
        "parent_id": envelope.parent_id,
        "version": envelope.v,
    }


def _theirs(row: Row, kind: str, tables: Tables) -> dict[str, Any]:
    """A job of somebody else has one count for failures and crashes, and one cap."""
    last = row["retry_count"] >= row["retry_limit"]
    data = row["data"]
    return {
        "kind": kind,
        "args": _NO_DATA if data is None or data == "null" else data,
        "tenant": row.get("group_id") or DEFAULT_TENANT,
        "headers": _texts(row.get("trace_context")),
        "failures": row["retry_count"],
        "max_attempts": row["retry_limit"] + 1,
        "max_crashes": 1 if last else _NO_CRASH_CAP,
        "retry": RowBackoff.of(row, tables),
    }


def _texts(carrier: object) -> dict[str, str]:
    """The headers by which pg-boss carries a trace."""
    content: dict[Any, Any] = carrier if isinstance(carrier, dict) else {}  # pyright: ignore[reportUnknownVariableType] - any JSON
    return {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, str)}
