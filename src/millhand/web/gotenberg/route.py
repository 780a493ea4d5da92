"""A route that speaks to Gotenberg's clients: their way to sign in, their trace, errors as plain text."""

import base64
import binascii
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from millhand.core.errors import MillhandError
from millhand.web.access.operation import Operation
from millhand.web.gotenberg.answers import refusal
from millhand.web.problems import Refused

if TYPE_CHECKING:
    from millhand.web.desk import Desk

TRACE = "Gotenberg-Trace"
_LONGEST_TRACE = 200


class ClientRoute(Operation):
    """An operation behind the same gate as the API's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its errors told in Gotenberg's way."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            trace = trace_of(request)
            try:
                response = await handle(_with_bearer(request))
            except MillhandError as error:
                response = refusal(error)
            except HTTPException as error:  # of the framework, while it reads the form
                known = error.__cause__
                words = Refused(error.status_code, str(error.detail))
                response = refusal(known if isinstance(known, MillhandError) else words)
            response.headers[TRACE] = trace
            return response

        return told


def trace_of(request: Request) -> str:
    """The name by which the client knows its request, or one that is made up, the same each time it is asked for."""
    if not hasattr(request.state, "trace"):
        desk = cast("Desk", request.app.state.desk)
        request.state.trace = request.headers.get(TRACE, "")[:_LONGEST_TRACE] or desk.app.clock.new_id()
    return str(request.state.trace)


def _with_bearer(request: Request) -> Request:
    """The request with its key as a bearer token: Gotenberg's clients send it as the password of basic credentials."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return request
    try:
        _, _, key = base64.b64decode(given, validate=True).partition(b":")
    except binascii.Error:
        key = b""
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"authorization"]
    return Request({**request.scope, "headers": [*headers, (b"authorization", b"Bearer " + key)]}, request.receive)
