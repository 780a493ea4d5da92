"""`/v1/jobs/{id}/stream` and `/v1/stream`: what happens, as it happens, as server-sent events."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import Header
from starlette.responses import StreamingResponse

from millhand.core.errors import MillhandError
from millhand.core.state import FINAL, State
from millhand.web import sse
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role, Scope
from millhand.web.api.models.jobs import Event
from millhand.web.api.parameters import JobId
from millhand.web.desk import Caller

router = resource("/v1", "live")
_PAGE = 500
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events.", "content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}}}
}
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=100, description="The last event that came; go on after it.")
]


@router.get(
    "/jobs/{job_id}/stream",
    operation_id="follow_job",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses=_STREAM,
)
async def follow_job(
    caller: Annotated[Caller, needs(Role.VIEWER)], job_id: JobId, last_event_id: LastEventId = None
) -> StreamingResponse:
    """Follow what a job reports: `log`, `progress` and `notice` events, `state` when that changes, `end` at the end.

    Events that the ledger keeps have its number as their id, so nothing is missed by coming back with it.
    """
    await caller.record(job_id)
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 19 else 0  # noqa: PLR2004 - fits into 64 bits
    return sse.stream(_of_job(caller, job_id, after))


@router.get(
    "/stream",
    operation_id="follow_fleet",
    summary="Follow everything",
    response_class=StreamingResponse,
    responses=_STREAM,
)
async def follow_fleet(
    caller: Annotated[Caller, needs(Role.VIEWER, Scope.FLEET)], last_event_id: LastEventId = None
) -> StreamingResponse:
    """Follow what changes: `changed` events with names only, to be read again by whoever shows them.

    The names are `jobs`, `job:ID`, `queues`, `workers`, `schedules`; `all` means anything may have changed.
    """
    return sse.stream(_of_fleet(caller, last_event_id))


async def _of_fleet(caller: Caller, after: str | None) -> AsyncGenerator[str]:
    yield sse.HEARTBEAT
    with caller.desk.hub.watching(after=after) as watcher:
        while not watcher.over:
            news = await watcher.next(sse.EVERY)
            if news is not None:
                yield sse.message("changed", {"names": sorted(news.names)}, news.id)
            elif not watcher.over:
                yield sse.HEARTBEAT


async def _of_job(caller: Caller, job_id: str, after: int) -> AsyncGenerator[str]:
    shown: State | None = None
    with caller.desk.hub.watching(f"job:{job_id}") as watcher:
        while not watcher.over:
            try:
                record = await caller.record(job_id)
                found = await caller.inspector.events_since(job_id, after, limit=_PAGE)
            except MillhandError as error:
                yield sse.message("problem", {"code": error.code, "detail": error.message, "hint": error.hint})
                return
            if record.state is not shown:
                shown = record.state
                yield sse.message("state", {"state": shown, "progress": record.progress})
            for event in found:
                after = event.seq
                name = event.name if event.name in ("log", "progress") else "notice"
                yield sse.message(name, Event.model_validate(event).model_dump(mode="json"), str(event.seq))
            if len(found) == _PAGE:
                continue
            if shown in FINAL:
                yield sse.message("end", {"state": shown})
                return
            if await watcher.next(sse.EVERY) is None:
                yield sse.HEARTBEAT
