"""`POST /v1/jobs`: send a job, as JSON, or as a form with files that become blobs."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, cast

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from millhand.core.problems import problems
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role
from millhand.web.api.models.orders import Order, Sent
from millhand.web.api.sending import IdempotencyKey, Ticket, Wait, answer, checked, made, send, tenant_of
from millhand.web.desk import Caller
from millhand.web.problems import Refused
from millhand.web.uploads import FORM, Folder, Form, form_of, is_form

router = resource("/v1/jobs", "jobs")
Operator = Annotated[Caller, needs(Role.OPERATOR)]
ModelT = TypeVar("ModelT", bound=BaseModel)
JSON = "application/json"
_FIELD = "job"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": Order.model_json_schema()},
            FORM: {
                "schema": {
                    "type": "object",
                    "description": "The job as JSON, and files: each becomes a blob whose URL is the argument of its"
                    " field's name; a dot leads into an object.",
                    "properties": {_FIELD: {"type": "string", "contentMediaType": JSON}},
                    "required": [_FIELD],
                    "additionalProperties": {"type": "string", "format": "binary"},
                },
                "encoding": {_FIELD: {"contentType": JSON}},
            },
        },
    }
}
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"model": Sent, "description": "The job was sent and has not ended yet; `Location` says where to ask."}
}


@router.post("", operation_id="send_job", summary="Send a job", openapi_extra=_BODY, responses=ACCEPTED)
async def send_job(
    caller: Operator, request: Request, response: Response, idempotency_key: IdempotencyKey = None, wait: Wait = 0.0
) -> Sent:
    """Send a job of any kind.

    When this answers, the job is stored durably. With `wait`, the answer has its result if it ends in time.
    """
    if is_form(request):
        async with form_of(request, caller.desk.settings.api.max_files) as form:
            order = read(Order, form.texts.get(_FIELD, ""))
            ticket = await _with_files(caller, order, form, idempotency_key)
    else:
        order = read(Order, await json_of(request))
        ticket = await order_job(caller, order, order.args, idempotency_key, order.model_dump())
    return await answer(caller, ticket, response, wait)


async def order_job(
    caller: Caller, order: Order, values: Mapping[str, Any], key: str | None, asked: object, own: Folder | None = None
) -> Ticket:
    """Send a job with these arguments; a key that is bound to a tenant names no file of others."""
    if caller.principal.tenant is not None:
        (own or Folder(caller.desk.app, caller.principal.tenant)).check(values)
    return await send(caller, made(caller, order, checked(caller, order.kind, values)), key, asked)


async def _with_files(caller: Caller, order: Order, form: Form, key: str | None) -> Ticket:
    folder = Folder(caller.desk.app, tenant_of(caller, order.tenant))
    values: dict[str, Any] = dict(order.args)
    hashes: list[tuple[str, str]] = []
    async with folder.used() as used:
        for field, file in form.files:
            url, sha256 = await folder.keep(file)
            hashes.append((field, sha256))
            _put(values, field, url)
        ticket = await order_job(caller, order, values, key, [order.model_dump(), hashes], folder)
        used.is_true = not ticket.duplicate
    return ticket


def _put(values: dict[str, Any], field: str, url: str) -> None:
    *path, last = field.split(".")
    for part in path:
        inner = values.get(part)
        values[part] = dict(cast("Mapping[str, Any]", inner)) if isinstance(inner, Mapping) else {}
        values = values[part]
    values[last] = url


async def json_of(request: Request) -> bytes:
    """The JSON text that a request brings; raises `Refused` (415) for another type."""
    given = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if given != JSON:
        raise Refused(
            415,
            f"the body is '{given[:100]}'",
            code="unsupported_media_type",
            hint=f"Send {JSON}, or {FORM} for files.",
        )
    return await request.body()


def read(model: type[ModelT], text: str | bytes) -> ModelT:
    """What a JSON text asks for; raises `Refused` (422)."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise Refused(
            422,
            problems(error, model),
            code="invalid_request",
            hint="Compare the request with the API's description, /v1/openapi.json.",
        ) from None
