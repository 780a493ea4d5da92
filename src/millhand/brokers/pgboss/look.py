"""How jobs stand in pg-boss, whoever works on them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from millhand.brokers.pgboss.connections import Connection, Row, rows
from millhand.brokers.pgboss.envelope import KEY, unwrap
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.send import KindOf
from millhand.brokers.pgboss.tables import Tables
from millhand.brokers.pgboss.told import told
from millhand.core.clock import as_instant
from millhand.core.failure import Failure, failure
from millhand.core.standing import Standing
from millhand.core.state import State

_STATES = {
    "active": State.RUNNING,
    "retry": State.RETRYABLE,
    "completed": State.COMPLETED,
    "cancelled": State.CANCELLED,
    "failed": State.DISCARDED,
}
_READ = (
    "name", "priority", "retry_count", "retry_limit", "start_after", "created_on", "started_on", "completed_on",
    "group_id", "trace_context",
)  # fmt: skip


async def look(
    connection: Connection, tables: Tables, queues: Mapping[str, Queue], job_ids: Sequence[str], kind_of: KindOf
) -> dict[str, Standing]:
    """How these jobs stand; version 10 keeps those that ended long ago in a table of their own."""
    read = ", ".join(f"j.{column}" for column in _READ if column in tables.job)
    found: list[Row] = []
    for table in ("archive", "job") if tables.archive else ("job",):
        statement = f"""
          SELECT j.id::text AS id, j.state::text AS state, j.data::text AS data, j.output::text AS output,
            j.start_after <= {tables.now} AS due, {read}
          FROM {tables.name(table)} j WHERE j.name = ANY(%(queues)s) AND j.id = ANY(%(ids)s::uuid[])
        """
        found += await rows(connection, statement, {"queues": list(queues), "ids": list(job_ids)})
    return {row["id"]: _standing(row, kind_of(row["name"])) for row in found}


def _standing(row: Row, kind: str) -> Standing:
    state = _STATES.get(row["state"]) or (State.AVAILABLE if row["due"] else State.SCHEDULED)
    output: Any = None if row["output"] is None else json.loads(row["output"])
    return Standing(
        id=row["id"],
        queue=row["name"],
        state=state,
        priority=row["priority"],
        enqueued_at=as_instant(row["created_on"]),
        run_at=as_instant(row["start_after"]),
        started_at=None if row["started_on"] is None else as_instant(row["started_on"]),
        finished_at=None if row["completed_on"] is None else as_instant(row["completed_on"]),
        result=_result(output) if state is State.COMPLETED else None,
        failure=_failure(state, output),
        **told(row, unwrap(row["data"]), kind),
    )


def _result(output: object) -> str | None:
    """What a handler returned: pg-boss puts what is no object under `value`."""
    content = _object(output)
    if output is None:
        return None
    wrapped = content.keys() == {"value"} and not isinstance(content["value"], dict)
    return json.dumps(content["value"] if wrapped else output, ensure_ascii=False)


def _failure(state: State, output: object) -> Failure | None:
    """What went wrong, in the shape that pg-boss' client, its supervision, or we gave it."""
    if state not in {State.RETRYABLE, State.DISCARDED, State.CANCELLED} or output is None or KEY in _object(output):
        return None
    said = _object(output).get("value", output)
    content = _object(said)
    code, message = content.get("code"), content.get("message")
    return failure(
        code if isinstance(code, str) else "exception",
        message if isinstance(message, str) else json.dumps(said, ensure_ascii=False),
    )


def _object(output: object) -> dict[str, Any]:
    return cast("dict[str, Any]", output) if isinstance(output, dict) else {}
