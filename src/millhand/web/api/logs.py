"""`/v1/jobs/{id}/logs`: what a job has logged as lines of text, and with `follow` what it still logs."""

import json
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import StreamingResponse

from millhand.core.clock import as_datetime
from millhand.core.state import FINAL
from millhand.ledger.recorder import LOG
from millhand.ledger.views import EventView
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role
from millhand.web.api.parameters import JobId
from millhand.web.desk import Caller
from millhand.web.sse import EVERY

router = resource("/v1/jobs", "jobs")
_PAGE = 500
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A line for each: instant, attempt, level, text, fields, with tabs between.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/{job_id}/logs",
    operation_id="read_logs",
    summary="Read a job's log",
    response_class=StreamingResponse,
    responses=_TEXT,
)
async def read_logs(
    caller: Annotated[Caller, needs(Role.VIEWER)],
    job_id: JobId,
    *,
    follow: Annotated[bool, Query(description="Go on until the job has ended.")] = False,
) -> StreamingResponse:
    """What the job's handler logged, oldest first; with `follow` also what it still logs, as it comes."""
    await caller.record(job_id)
    return StreamingResponse(_lines(caller, job_id, follow=follow), media_type="text/plain")


async def _lines(caller: Caller, job_id: str, *, follow: bool) -> AsyncGenerator[str]:
    after = 0
    with caller.desk.hub.watching(f"job:{job_id}") as watcher:
        while True:
            ended = not follow or watcher.over or (await caller.record(job_id)).state in FINAL
            found = await caller.inspector.events_since(job_id, after, limit=_PAGE)
            for event in found:
                after = event.seq
                if event.name == LOG:
                    yield _line(event)
            if len(found) == _PAGE:
                continue
            if ended:
                return
            await watcher.next(EVERY)


def _line(event: EventView) -> str:
    fields = json.dumps(dict(event.fields), ensure_ascii=False, default=str) if event.fields else ""
    at = as_datetime(event.at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = " ".join(event.text.splitlines())
    return "\t".join((at, str(event.attempt), event.level or "", text, fields)) + "\n"
