"""The outer wall, before any operation: hosts and origins that may ask, security headers, bounds for bodies."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from millhand.net.loopback import is_local
from millhand.web.access.gate import host_of
from millhand.web.problems import Refused, problem_of

_PROBES = frozenset({"/health", "/ready", "/metrics"})
_UPLOAD = "multipart/form-data"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a request may cost: bytes of an upload, or of any other body, which is held in memory; and seconds.

    `stall` bounds the time in which nothing of the body comes, `seconds` the time for all of it.
    """

    upload: int
    body: int
    stall: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """By which names this place may be asked, and which other origins' pages may ask.

    Where nobody needs a key (`open`), the name matters: a page in somebody's browser may point a name of its own at
    this machine (DNS rebinding), and then passes for a page of ours.
    """

    hosts: Collection[str] = ()
    origins: Collection[str] = ()
    open: bool = False


class Guard:
    """Lets requests through to an app, within bounds."""

    def __init__(self, app: ASGIApp, names: Names, bounds: Bounds) -> None:
        self._app = app
        self._names = names
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        sending = _Headed(send)
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            self._check_origin(headers)
            body = _Body(receive, self._bounds, headers)
            await self._app(scope, body, sending)
        except Refused as refusal:
            if sending.begun:
                raise
            await problem_of(refusal)(scope, receive, sending)

    def _check_host(self, headers: Headers) -> None:
        host = host_of(headers.get("host", ""))
        if self._names.open and not is_local(host) and host.lower() not in self._names.hosts:
            raise Refused(
                421,
                f"this is not asked by the name '{host[:100]}'",
                code="wrong_host",
                hint="Add the name to the setting api.hosts, or set http.key so that every request needs a key.",
            )

    def _check_origin(self, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is None or origin.lower() in self._names.origins:
            return
        if origin == "null" or urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            raise Refused(
                403,
                f"pages of {origin[:100]} may not use this",
                code="wrong_origin",
                hint="Add the origin to the setting api.origins, if it is one of yours.",
            )


class _Headed:
    """Adds the security headers to an answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


class _Body:
    """A request's body as it comes in, broken off where it is too large or too slow."""

    def __init__(self, receive: Receive, bounds: Bounds, headers: Headers) -> None:
        self._receive = receive
        self._bounds = bounds
        self._most = bounds.upload if headers.get("content-type", "").startswith(_UPLOAD) else bounds.body
        self._seen = 0
        self._ended = False
        self._deadline = asyncio.get_running_loop().time() + bounds.seconds
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._most:
            raise self._too_large()

    async def __call__(self) -> Message:
        if self._ended:  # what is waited for now is the client's going away
            return await self._receive()
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(self._bounds.stall, left))):
                message = await self._receive()
        except TimeoutError:
            raise Refused(
                408,
                "the request's body came too slowly",
                code="too_slow",
                hint="Send it again; the settings api.stall and api.upload_seconds say how slow it may be.",
                headers={"Connection": "close"},
            ) from None
        if message["type"] == "http.disconnect":
            self._ended = True
            return message
        self._seen += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._seen > self._most:
            raise self._too_large()
        return message

    def _too_large(self) -> Refused:
        return Refused(
            413,
            f"the request's body is larger than {self._most:,} bytes",
            code="too_large",
            hint="Put the content into a blob and pass its URL, or raise the setting api.max_upload.",
            headers={"Connection": "close"},
        )
