"""Calls to somebody's HTTP API: bounded in time and size, and told apart by whether a second try may help."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, HTTPResponse
from importlib.metadata import version
from typing import IO, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from millhand.core.errors import Transient

T = TypeVar("T")

_LARGEST_BODY = 65_536
_PIECE = 8_192
_LONGEST_RETRY_AFTER = 60.0
_KEEP_METHOD = frozenset({307, 308})
_OK = range(200, 300)


class Unanswered(Transient):
    """The API did not answer: no connection, a broken one, or none of it in time."""

    default_code = "api_unreachable"
    default_hint = "Check that it runs at that address, and that this machine reaches it."


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API answered. `retry_after` is in seconds, as far as it named any."""

    status: int
    reason: str
    body: bytes = b""
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it says that all went well."""
        return self.status in _OK

    @property
    def error(self) -> str:
        """Its own words for what went wrong: the `error` of its JSON, else the words of its status."""
        try:
            content = json.loads(self.body)
        except ValueError:
            content = None
        told = content.get("error") if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - of whatever JSON it is
        return str(told) if told else self.reason or f"status {self.status}"  # pyright: ignore[reportUnknownArgumentType] - as above


@dataclass(frozen=True)
class Caller:
    """Posts JSON. `seconds` bounds a call; `headers` go with each. Proxies of the environment are not used."""

    seconds: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def post(self, url: str, content: object = None) -> Answer:
        """Post JSON, or no body for None; raises `Unanswered`. An answer that says no is an answer."""
        body = None if content is None else json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return self._call(Request(url, body, self._headers(), method="POST"))  # noqa: S310 - settings allow http(s) alone

    def get(self, url: str) -> Answer:
        """Ask; raises `Unanswered`."""
        return self._call(Request(url, headers=self._headers()))  # noqa: S310 - as above

    def _headers(self) -> dict[str, str]:
        named = {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": f"millhand/{version('millhand')}"}
        return {**named, **self.headers}

    def _call(self, request: Request) -> Answer:
        deadline = time.monotonic() + self.seconds
        try:
            with build_opener(ProxyHandler({}), _Redirects).open(request, timeout=self.seconds) as reply:
                return _answer(reply, deadline)
        except HTTPError as error:
            with error:
                return _answer(error, deadline)
        except (OSError, HTTPException, ValueError) as error:
            raise Unanswered(f"{_place(request.full_url)} does not answer: {_why(error)}") from error


class Busy(Transient):
    """The API answers that it can't for now, such as with 503: another call in a moment may do better."""

    default_code = "api_busy"


def persistently(call: Callable[[], T], waits: Sequence[float], pause: Callable[[float], None]) -> T:
    """Call once, and once more after each wait while it raises `Busy` or `Unanswered`; the last one's is raised."""
    for wait in waits:
        try:
            return call()
        except (Busy, Unanswered) as error:
            pause(max(wait, min(error.retry_after or 0.0, _LONGEST_RETRY_AFTER)))
    return call()


class _Redirects(HTTPRedirectHandler):
    """Follows redirects as Node's `fetch` does: 307 and 308 keep method and body; secrets stay with their origin."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """The request to make instead."""
        if code in _KEEP_METHOD and urlsplit(newurl).scheme in {"http", "https"}:
            redirected = Request(newurl, req.data, dict(req.headers), method=req.get_method())  # noqa: S310 - checked
        else:
            redirected = super().redirect_request(req, fp, code, msg, headers, newurl)
        if redirected is not None and _place(newurl) != _place(req.full_url):
            redirected.remove_header("Authorization")
        return redirected


def _answer(reply: HTTPResponse | HTTPError, deadline: float) -> Answer:
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < _LARGEST_BODY and (piece := reply.read(_PIECE)):
        pieces.append(piece)
        if time.monotonic() > deadline:
            raise TimeoutError("the answer took too long")
    status = reply.status or 0
    after = reply.headers.get("Retry-After", "")
    return Answer(status, _reason(status, reply.reason), b"".join(pieces), float(after) if after.isdecimal() else None)


def _reason(status: int, told: object) -> str:
    if told:
        return str(told)
    return HTTPStatus(status).phrase if status in {each.value for each in HTTPStatus} else ""


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"


def _why(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
