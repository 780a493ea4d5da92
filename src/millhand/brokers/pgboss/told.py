"""What a row tells of a job beside its times: its kind, arguments, counts and rules, ours or somebody else's."""

from typing import Any

from millhand.brokers.pgboss.connections import Row
from millhand.brokers.pgboss.envelope import Envelope
from millhand.core.job import DEFAULT_TENANT

_NO_CRASH_CAP = 30_000
_NO_DATA = "{}"


def told(row: Row, envelope: Envelope | None, kind: str) -> dict[str, Any]:
    """The fields that deliveries and standings share; `kind` is that of the queue's jobs."""
    return _theirs(row, kind) if envelope is None else _ours(envelope, row, kind)


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
    }


def _theirs(row: Row, kind: str) -> dict[str, Any]:
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
    }


def _texts(carrier: object) -> dict[str, str]:
    """The headers by which pg-boss carries a trace."""
    content: dict[Any, Any] = carrier if isinstance(carrier, dict) else {}  # pyright: ignore[reportUnknownVariableType] - any JSON
    return {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, str)}
