"""From the row of a claimed job to a delivery."""

from millhand.brokers.pgboss.backoff import RowBackoff
from millhand.brokers.pgboss.connections import Row
from millhand.brokers.pgboss.envelope import unwrap
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.tables import Tables
from millhand.brokers.pgboss.told import told
from millhand.core.clock import as_instant
from millhand.core.job import ENVELOPE_VERSION, Delivery

_READ = (
    "priority", "retry_count", "retry_limit", "retry_delay", "retry_backoff", "retry_delay_max", "start_after",
    "created_on", "started_on", "group_id", "trace_context",
)  # fmt: skip


def returned(tables: Tables) -> str:
    """The columns that a claim returns."""
    read = ", ".join(f"j.{column}" for column in _READ if column in tables.job)
    return f"j.id::text AS id, j.data::text AS data, {read}"


def delivery(row: Row, queue: Queue, kind: str, tables: Tables, lease_until: int) -> Delivery:
    """Make a delivery; `kind` is that of the queue's jobs, for those that do not name their own."""
    envelope = unwrap(row["data"])
    return Delivery(
        receipt=row["retry_count"],
        fence=as_instant(row["started_on"]),
        job_id=row["id"],
        queue=queue.name,
        priority=row["priority"],
        enqueued_at=as_instant(row["created_on"]),
        available_at=as_instant(max(row["start_after"], row["created_on"])),
        claimed_at=as_instant(row["started_on"]),
        lease_until=lease_until,
        version=ENVELOPE_VERSION if envelope is None else envelope.v,
        retry=RowBackoff.of(row, tables) if envelope is None else None,
        **told(row, envelope, kind),
    )
