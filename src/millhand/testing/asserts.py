"""Assertions about jobs that code under test has enqueued."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import from_json, to_jsonable_python

from millhand.app.app import App
from millhand.core.job import ArgsT, Job, NewJob
from millhand.ledger.filters import JobFilter
from millhand.testing.inline import Ran

_LOOKED_AT = 200


def assert_enqueued(ran: Ran, model: type[ArgsT], **fields: object) -> NewJob:
    """Assert that a handler enqueued a follow-up job of this kind with these fields; returns the first such job.

    `assert_enqueued(ran, SendMail, to="ann@example.org")`: fields that are not named may have any value.
    """
    for job in ran.follow_ups:
        if job.kind == model.kind and _has(job.args, fields):
            return job
    told = ", ".join(f"{job.kind} {job.args}" for job in ran.follow_ups) or "nothing"
    raise AssertionError(f"no follow-up job {_wanted(model.kind, fields)}; enqueued: {told}; outcome: {ran.outcome}")


async def assert_stored(app: App, model: type[ArgsT], **fields: object) -> Job[ArgsT]:
    """Assert that a job of this kind with these fields was sent to the app's queue; returns the newest such job.

    For programs under test that enqueue: give their app a database in a temporary folder. The newest 200 jobs of the
    kind are looked at.
    """
    inspector = (await app.backend()).inspector
    page = await inspector.jobs(JobFilter(kind=model.kind), limit=_LOOKED_AT)
    records = await inspector.records([row.id for row in page.rows])
    for row in page.rows:
        if _has(records[row.id].args, fields):
            return cast("Job[ArgsT]", await app.job(row.id))
    told = ", ".join(record.args for record in records.values()) or "none"
    raise AssertionError(f"no job {_wanted(model.kind, fields)} in the queue; of its kind there are: {told}")


def _has(text: str, fields: Mapping[str, object]) -> bool:
    args: dict[str, Any] = from_json(text)
    return all(name in args and args[name] == to_jsonable_python(value) for name, value in fields.items())


def _wanted(kind: str, fields: Mapping[str, object]) -> str:
    return f"{kind} with {dict(fields)}" if fields else kind
