"""`/v1/artefacts` and `/v1/jobs/{id}/artefacts/{seq}/content`: what jobs produced, as a list, whole or in part."""

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from millhand.ledger.views import ArtefactFilter
from millhand.web import ranges
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role
from millhand.web.api.models.base import Page
from millhand.web.api.models.jobs import Artefact
from millhand.web.api.parameters import NO_NUL, Cursor, JobId, Limit, Seq
from millhand.web.desk import Caller

router = resource("", "jobs")
Viewer = Annotated[Caller, needs(Role.VIEWER)]
Words = Annotated[
    str,
    Query(max_length=200, pattern=NO_NUL, description="Only those whose name has these words.", examples=["letter"]),
]
MediaType = Annotated[
    str,
    Query(
        alias="type",
        max_length=200,
        pattern=NO_NUL,
        description="Only those of this media type, or its beginning and a star.",
        examples=["image/*"],
    ),
]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"*/*": _BINARY}},
}
_PARTS: dict[int | str, dict[str, Any]] = {
    **CONTENT,
    206: {"description": "The part that the `Range` header asks for.", "content": {"*/*": _BINARY}},
    304: {"description": "What `If-None-Match` names is still it."},
}


@router.get("/v1/artefacts", operation_id="list_all_artefacts", summary="List what all jobs produced, the newest first")
async def list_all_artefacts(
    caller: Viewer, name: Words = "", media_type: MediaType = "", cursor: Cursor = None, limit: Limit = 50
) -> Page[Artefact]:
    """List the files that jobs produced, page by page.

    A search looks at a bounded number of them at a time, so a page may hold fewer than were asked for, even none, and
    still have a next one.
    """
    wanted = ArtefactFilter(name=name, media_type=media_type, tenant=caller.principal.tenant)
    page = await caller.inspector.artefacts(wanted, before=cursor, limit=limit)
    items = [Artefact.model_validate(row.artefact) for row in page.rows]
    return Page(items=items, next=str(page.next) if page.next else None)


@router.get(
    "/v1/jobs/{job_id}/artefacts/{seq}/content",
    operation_id="download_artefact",
    summary="Download what a job produced",
    response_class=StreamingResponse,
    responses=_PARTS,
)
async def download_artefact(
    caller: Viewer,
    request: Request,
    job_id: JobId,
    seq: Seq,
    *,
    inline: Annotated[bool, Query(description="To be shown in place, for PDF, pictures and plain text.")] = False,
) -> Response:
    """The file; `Range`, `If-Range` and `If-None-Match` are heeded. Its ETag is its SHA-256."""
    await caller.record(job_id)
    artefact = await caller.inspector.artefact(job_id, seq)
    return await ranges.answer(caller.desk.app.blobs, artefact, request.headers, inline=inline)


@router.head(
    "/v1/jobs/{job_id}/artefacts/{seq}/content",
    operation_id="describe_artefact",
    summary="See what a download would bring",
    response_class=Response,
    responses={200: {"description": "The headers of the whole file: its length, type, name and ETag."}},
)
async def describe_artefact(caller: Viewer, request: Request, job_id: JobId, seq: Seq) -> Response:
    """The headers of a download, without the file."""
    await caller.record(job_id)
    artefact = await caller.inspector.artefact(job_id, seq)
    return await ranges.head(caller.desk.app.blobs, artefact, request.headers)
