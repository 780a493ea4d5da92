"""`/v1/jobs/{id}/artefacts/{seq}/content`: what a job produced, whole or in part."""

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from millhand.web import ranges
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role
from millhand.web.api.parameters import JobId, Seq
from millhand.web.desk import Caller

router = resource("/v1/jobs", "jobs")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"*/*": _BINARY}},
}
_PARTS: dict[int | str, dict[str, Any]] = {
    **CONTENT,
    206: {"description": "The part that the `Range` header asks for.", "content": {"*/*": _BINARY}},
    304: {"description": "What `If-None-Match` names is still it."},
}


@router.get(
    "/{job_id}/artefacts/{seq}/content",
    operation_id="download_artefact",
    summary="Download what a job produced",
    response_class=StreamingResponse,
    responses=_PARTS,
)
async def download_artefact(
    caller: Annotated[Caller, needs(Role.VIEWER)],
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
    "/{job_id}/artefacts/{seq}/content",
    operation_id="describe_artefact",
    summary="See what a download would bring",
    response_class=Response,
    responses={200: {"description": "The headers of the whole file: its length, type, name and ETag."}},
)
async def describe_artefact(
    caller: Annotated[Caller, needs(Role.VIEWER)], request: Request, job_id: JobId, seq: Seq
) -> Response:
    """The headers of a download, without the file."""
    await caller.record(job_id)
    artefact = await caller.inspector.artefact(job_id, seq)
    return await ranges.head(caller.desk.app.blobs, artefact, request.headers)
