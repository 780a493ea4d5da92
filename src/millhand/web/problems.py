"""Errors as problem documents (RFC 9457): what went wrong, why, and what to do, in the words of our own errors."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from millhand.core.errors import (
    BlobMissing,
    BlobStoreDown,
    BrokerUnavailable,
    Infrastructure,
    InvalidArgs,
    MillhandError,
    NotFound,
    NotSupported,
    PayloadTooLarge,
    Permanent,
    Transient,
    UnknownKind,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"
_TRY_AGAIN_AFTER = 5

_log = structlog.get_logger("millhand.web")


_EXAMPLE: dict[str, Any] = {
    "type": "urn:millhand:error:not_found",
    "title": "Not Found",
    "status": 404,
    "detail": "there is no job '0199d1f2-3c4b-7d5e-8f60-718293a4b5c6'",
    "code": "not_found",
    "hint": "Jobs that ended long ago are pruned.",
}


class Problem(BaseModel):
    """What went wrong with a request (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    type: str = Field(description="The kind of problem: `urn:millhand:error:` and the code.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What went wrong, and why.")
    code: str = Field(description="Stable; each has a heading in the reference of errors.")
    hint: str = Field(description="What to do about it, or empty.")


class Refused(MillhandError):
    """A request over HTTP was not accepted; its status says what kind of refusal it is."""

    default_code = "refused"

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.headers = dict(headers or {})


_STATUSES: tuple[tuple[type[MillhandError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (UnknownKind, HTTPStatus.NOT_FOUND),
    (BlobMissing, HTTPStatus.GONE),
    (PayloadTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (NotSupported, HTTPStatus.CONFLICT),
    (UsageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidArgs, HTTPStatus.UNPROCESSABLE_ENTITY),
    (BrokerUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (BlobStoreDown, HTTPStatus.SERVICE_UNAVAILABLE),
    (Infrastructure, HTTPStatus.SERVICE_UNAVAILABLE),
    (Transient, HTTPStatus.SERVICE_UNAVAILABLE),
    (Permanent, HTTPStatus.UNPROCESSABLE_ENTITY),
)
_TOO_LARGE = "too_large"


def status_of(error: MillhandError) -> int:
    """The HTTP status by which an error is told."""
    if isinstance(error, Refused):
        return error.status
    if error.code == _TOO_LARGE:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(status: int, code: str, detail: str, hint: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """The answer that tells of a problem."""
    body = Problem(
        type=f"urn:millhand:error:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        hint=hint,
    )
    more = {"Retry-After": str(_TRY_AGAIN_AFTER)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return JSONResponse(body.model_dump(), status, headers={**more, **(headers or {})}, media_type=MEDIA_TYPE)


def problem_of(error: MillhandError) -> Response:
    """The answer for one of our errors."""
    headers = error.headers if isinstance(error, Refused) else {}
    return problem(status_of(error), error.code, error.message, error.hint, headers)


def install(app: FastAPI) -> None:
    """Tell every error of an app as a problem."""
    app.add_exception_handler(MillhandError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


async def _ours(_request: Request, error: Exception) -> Response:
    return problem_of(cast("MillhandError", error))


async def _invalid(_request: Request, error: Exception) -> Response:
    found: Sequence[Any] = cast("RequestValidationError", error).errors()
    detail = "; ".join(f"{_place(one['loc'])}: {_plain(one['msg'])}" for one in found)
    hint = "Compare the request with the API's description, /v1/openapi.json."
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, hint)


async def _http(_request: Request, error: Exception) -> Response:
    """Of the framework itself: no such path, no such method."""
    told = cast("HTTPException", error)
    if isinstance(told.__cause__, MillhandError):  # met while the framework read the body
        return problem_of(told.__cause__)
    hint = "The paths and their methods are in /v1/openapi.json."
    code = HTTPStatus(told.status_code).phrase.lower().replace(" ", "_")
    return problem(told.status_code, code, f"{told.detail}", hint, told.headers)


async def _bug(request: Request, error: Exception) -> Response:
    _log.error("request failed", path=request.url.path, exc_info=error)
    detail = "an error in millhand itself"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "bug", detail, "Its traceback is in the log of this process.")


def _place(location: Sequence[object]) -> str:
    """Where in a request something is wrong: `query limit`, `body args.source`."""
    where, *names = [str(part) for part in location]
    return f"{where} {'.'.join(names)}" if names else where


def _plain(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return text[:1].lower() + text[1:]
