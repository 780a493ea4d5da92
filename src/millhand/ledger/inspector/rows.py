"""Turn rows of the tables into views, redacted where people see them."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

import sqlalchemy as sa

from millhand.core.events import Level
from millhand.core.failure import Failure
from millhand.core.redact import redact, redact_mapping, redact_text
from millhand.core.settlement import Charge
from millhand.core.state import WAITING, Cause, State
from millhand.database.tables import jobs
from millhand.ledger.inspector.subject import START, subject
from millhand.ledger.views import ArtefactView, AttemptView, EventView, JobRecord, JobRow

_OWN_COLUMNS = [jobs.c[field.name] for field in fields(JobRow) if field.name != "subject"]
JOB_ROW: list[sa.ColumnElement[Any]] = [*_OWN_COLUMNS, sa.func.substr(jobs.c.args, 1, START).label("args_start")]
JOB_RECORD = [jobs.c[field.name] for field in fields(JobRecord) if field.name != "failure"]
JOB_ERROR = [jobs.c.error_code, jobs.c.error_message, jobs.c.error_fingerprint]

_FAILURE_FIELDS = {field.name for field in fields(Failure)}


def job_row(row: sa.RowMapping) -> JobRow:
    """A job's row as a line of a list."""
    values = {column.name: row[column.name] for column in _OWN_COLUMNS}
    values["subject"] = subject(row["args_start"])
    values["state"] = State(row["state"])
    values["limit_key"] = row["limit_key"] or None
    values["progress_text"] = redact_text(row["progress_text"] or "")
    values["error_message"] = row["error_message"] and redact_text(row["error_message"])
    values["started_at"] = _started_at(row)
    return JobRow(**values)


def job_record(row: sa.RowMapping) -> JobRecord:
    """A job's row for programs, as it is stored."""
    values = {column.name: row[column] for column in JOB_RECORD}
    values["state"] = State(row["state"])
    values["headers"] = parsed(row["headers"], {})
    values["progress_text"] = row["progress_text"] or ""
    values["started_at"] = _started_at(row)
    return JobRecord(**values, failure=row_failure(row))


def row_failure(row: sa.RowMapping) -> Failure | None:
    """The failure that a job's own row tells of: without the type, the hint and the traceback of the attempt."""
    code = row["error_code"]
    if code is None:
        return None
    return Failure(code, code, row["error_message"] or "", fingerprint=row["error_fingerprint"] or "")


def attempt(row: sa.RowMapping) -> AttemptView:
    """A finished attempt."""
    return AttemptView(
        number=row["number"],
        fence=row["fence"],
        worker=row["worker"],
        executor=row["executor"],
        available_at=row["available_at"],
        claimed_at=row["claimed_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        state=State(row["state"]),
        cause=Cause(row["cause"]),
        charge=Charge(row["charge"]),
        failure=failure(row["failure"]),
    )


def failure(text: str | None) -> Failure | None:
    """A stored failure; fields that another version wrote and this one does not know are left out."""
    stored = parsed(text, None)
    if not isinstance(stored, dict):
        return None
    known = {
        name: redact_text(str(value))
        for name, value in cast("dict[str, Any]", stored).items()
        if name in _FAILURE_FIELDS
    }
    return Failure(**{"code": "", "type": "", "message": "", **known})


def event(row: sa.RowMapping) -> EventView:
    """Something that an attempt reported."""
    return EventView(
        seq=row["seq"],
        job_id=row["job_id"],
        attempt=row["attempt"],
        at=row["at"],
        name=row["name"],
        level=None if row["level"] is None else Level(row["level"]),
        text=redact_text(row["text"]),
        fields=shown(row["fields"]),
    )


def artefact(row: sa.RowMapping) -> ArtefactView:
    """A blob that a job produced."""
    return ArtefactView(
        seq=row["seq"],
        job_id=row["job_id"],
        attempt=row["attempt"],
        at=row["at"],
        name=row["name"],
        url=redact_text(row["url"]),
        media_type=row["media_type"],
        size=row["size"],
        sha256=row["sha256"],
        facts=shown(row["facts"]),
    )


def _started_at(row: sa.RowMapping) -> int | None:
    """The start of the last attempt, known at its end: while one runs, the row still has that of the one before."""
    return None if row["state"] in (*WAITING, State.RUNNING) else row["started_at"]


def shown(text: str | None) -> Mapping[str, Any]:
    """A stored JSON object, redacted; empty for anything else."""
    value = parsed(text, {})
    return redact_mapping(cast("dict[str, object]", value)) if isinstance(value, dict) else {}


def shown_value(text: str | None) -> Any:  # noqa: ANN401 - any JSON value
    """A stored JSON value, redacted; text that is not JSON is shown as it is."""
    return redact(parsed(text, text))


def parsed(text: str | None, otherwise: object) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON text, or answer with `otherwise` where there is none."""
    if text is None:
        return otherwise
    try:
        return json.loads(text)
    except ValueError:
        return otherwise
