"""Problems that were met before any page, such as an address that is none, told as pages to who asks for pages."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from millhand.web.dashboard.routing import Door
from millhand.web.problems import MEDIA_TYPE, Problem, Refused

_OF_PROGRAMS = ("/v1/", "/forms/")
_UNAUTHORIZED = 401
_OF_THE_PROBLEM = frozenset({"content-type", "content-length", "content-security-policy", "referrer-policy"})
_IN_WORDS: Mapping[int, tuple[str, str]] = {
    404: ("there is no such page", "Check the address, or begin with one of the pages below."),
    405: ("this address is for forms of pages only", "Go to the page that the form is on."),
}
"""What pages say where the framework itself has no more than the status."""


class TroublePages:
    """Passes requests on to an app, and makes pages of its problems; the API's stay as they are."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        retold = scope["type"] == "http" and _wants_page(scope)
        await self._app(scope, receive, _Retold(self._door, scope, receive, send) if retold else send)


class _Retold:
    """Sends an answer as it is, or a page in place of a problem."""

    def __init__(self, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
        self._door = door
        self._scope = scope
        self._receive = receive
        self._send = send
        self._problem: Headers | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] != _UNAUTHORIZED:
            headers = Headers(raw=message["headers"])
            self._problem = headers if headers.get("content-type") == MEDIA_TYPE else None
        if self._problem is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            page = await self._page(self._problem)
            await page(self._scope, self._receive, self._send)

    async def _page(self, problem: Headers) -> Response:
        told = Problem.model_validate_json(self._body)
        message, hint = told.detail, told.hint
        if message == told.title:
            message, hint = _IN_WORDS.get(told.status, (message, hint))
        headers = {name: value for name, value in problem.items() if name not in _OF_THE_PROBLEM}
        error = Refused(told.status, message, code=told.code, hint=hint, headers=headers)
        return await self._door.trouble_of(Request(self._scope), error)


def _wants_page(scope: Scope) -> bool:
    """Whether a person's browser asks, and not for what belongs to programs."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    wanted = Headers(scope=scope).get("accept", "")
    return scope["method"] in ("GET", "POST") and "text/html" in wanted and not path.startswith(_OF_PROGRAMS)
