"""`POST /v1/convert` and `/v1/export`: a document or a page in, the file out, or a job if that takes long."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import RootModel
from starlette.datastructures import Headers, UploadFile
from starlette.responses import JSONResponse

from millhand.core.state import FINAL, State
from millhand.web import outward, ranges
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role
from millhand.web.api.models.orders import Order, Sent, Text
from millhand.web.api.sending import IdempotencyKey, Wait, answer, tenant_of
from millhand.web.api.submit import ACCEPTED, JSON, json_of, order_job, read
from millhand.web.desk import Caller
from millhand.web.fetching import Place
from millhand.web.problems import Refused
from millhand.web.uploads import FORM, Folder, form_of, is_form

router = resource("/v1", "documents and pages")
Operator = Annotated[Caller, needs(Role.OPERATOR)]
Tenant = Annotated[Text | None, Query(description="On whose behalf; a key that is bound to one means that one.")]
_PATIENCE = 60.0
_FILE, _ARGS = "file", "args"


class Values(RootModel[dict[str, Any]]):
    """The arguments of a kind, without its target."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How the file was asked for."""

    key: str | None
    wait: float


def _body(takes: str, example: Mapping[str, object]) -> dict[str, Any]:
    args = {"type": "string", "contentMediaType": JSON, "description": "The other arguments, as a JSON object."}
    file = {"type": "string", "format": "binary", "description": takes}
    form = {"type": "object", "properties": {_FILE: file, _ARGS: args}, "required": [_FILE]}
    values = {"type": "object", "description": "The arguments of the kind, without `target`."}
    content = {FORM: {"schema": form}, JSON: {"schema": values, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _made(*media_types: str) -> dict[int | str, dict[str, Any]]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": "The file.", "content": dict.fromkeys(media_types, binary)}, **ACCEPTED}


@router.post(
    "/convert",
    operation_id="convert_document",
    summary="Convert a document to PDF",
    response_class=Response,
    responses=_made("application/pdf"),
    openapi_extra=_body("The document.", {"source": "https://example.com/letter.docx", "options": {"pdfa": "2b"}}),
)
async def convert_document(
    caller: Operator,
    request: Request,
    *,
    idempotency_key: IdempotencyKey = None,
    wait: Wait = _PATIENCE,
    tenant: Tenant = None,
) -> Response:
    """Convert a document, sent along or named as `source`, and answer with the PDF.

    `source` is the URL of a blob, or an address of the web (http, https), which must be public. The other arguments are
    those of the kind `document.convert`. What takes longer than `wait` goes on as a job (202);
    `wait=0` always answers with the job.
    """
    asked = Asked(idempotency_key, wait)
    return await _made_by(caller, request, Order(kind="document.convert", tenant=tenant), asked, _document)


@router.post(
    "/export",
    operation_id="export_page",
    summary="Export a web page as PNG, JPEG, WebP or PDF",
    response_class=Response,
    responses=_made("image/png", "image/jpeg", "image/webp", "application/pdf"),
    openapi_extra=_body(
        "An HTML page, or a zip with an index.html and what belongs to it.",
        {"url": "https://example.com/", "format": "pdf", "size": "A4"},
    ),
)
async def export_page(
    caller: Operator,
    request: Request,
    *,
    idempotency_key: IdempotencyKey = None,
    wait: Wait = _PATIENCE,
    tenant: Tenant = None,
) -> Response:
    """Export a page, named by its `url` or sent along, and answer with the picture or the PDF.

    The arguments are those of the kind `page.export`. What takes longer than `wait` goes on as a job (202);
    `wait=0` always answers with the job.
    """
    asked = Asked(idempotency_key, wait)
    return await _made_by(caller, request, Order(kind="page.export", tenant=tenant), asked, _page)


Placing = Callable[[Caller, Folder, dict[str, Any], UploadFile | None], Awaitable[str]]
"""Keeps the file that came along, and completes the arguments by its URL and the target; returns its SHA-256."""


async def _document(caller: Caller, folder: Folder, values: dict[str, Any], file: UploadFile | None) -> str:
    sha256, source = "", str(values.get("source"))
    if file is None and outward.is_address(source):
        async with caller.desk.fetcher.fetched(Place(source)) as fetched:
            return await _document(caller, folder, values, fetched)
    if file is not None:
        values["source"], sha256 = await folder.keep(file)
        values.setdefault("name", PurePosixPath((file.filename or "").replace("\\", "/")).name)
    values["target"] = folder.place(f"{PurePosixPath(str(values.get('source'))).stem}.pdf")
    return sha256


async def _page(_caller: Caller, folder: Folder, values: dict[str, Any], file: UploadFile | None) -> str:
    sha256 = ""
    if file is not None:
        keep = folder.keep if (file.filename or "").lower().endswith(".zip") else folder.keep_packed
        values["bundle"], sha256 = await keep(file)
    made = values.setdefault("format", "png")
    values["target"] = folder.place(f"page.{made}")
    return sha256


async def _made_by(caller: Caller, request: Request, order: Order, asked: Asked, placing: Placing) -> Response:
    """Send the job that makes the file, and answer with the file if it comes in time."""
    folder = Folder(caller.desk.app, tenant_of(caller, order.tenant))
    async with _taken(caller, request) as (given, file), folder.used() as used:
        values = dict(given)
        sha256 = await placing(caller, folder, values, file)
        ticket = await order_job(caller, order, values, asked.key, [order.model_dump(), given, sha256], folder)
        used.is_true = not ticket.duplicate
    told = Response()
    sent = await answer(caller, ticket, told, asked.wait)
    if sent.state not in FINAL or not asked.wait:
        return JSONResponse(sent.model_dump(mode="json"), 202, {"Location": sent.url})
    if sent.state is not State.COMPLETED:
        raise _no_file(sent)
    artefact = (await caller.detail(sent.id)).artefacts[-1]
    stored = await caller.inspector.artefact(sent.id, artefact.seq)
    made = await ranges.answer(caller.desk.app.blobs, stored, Headers())
    made.headers["Location"] = sent.url
    return made


@asynccontextmanager
async def _taken(caller: Caller, request: Request) -> AsyncGenerator[tuple[dict[str, Any], UploadFile | None]]:
    """The arguments that a request brings, and the file, if one came along."""
    if not is_form(request):
        yield _without_target(read(Values, await json_of(request))), None
        return
    async with form_of(request, caller.desk.settings.api.max_files) as form:
        files = [file for name, file in form.files if name == _FILE]
        if len(files) != 1 or len(form.files) != 1:
            raise Refused(
                422, f"the form has no file '{_FILE}', or others", code="invalid_request", hint="Send one file."
            )
        yield _without_target(read(Values, form.texts.get(_ARGS) or "{}")), files[0]


def _without_target(values: Values) -> dict[str, Any]:
    if "target" in values.root:
        raise Refused(
            422,
            "the target can't be chosen here: the answer is the file",
            code="invalid_request",
            hint="To write to a place of your own, send a job to /v1/jobs.",
        )
    return values.root


def _no_file(sent: Sent) -> Refused:
    """The error for a job that made no file."""
    headers = {"Location": sent.url}
    if sent.failure is None:
        return Refused(409, f"the job was {sent.state}", code="no_file", hint="Send it again.", headers=headers)
    why = sent.failure
    return Refused(422, why.message, code=why.code, hint=why.hint, headers=headers)
