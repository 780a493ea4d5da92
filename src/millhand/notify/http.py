"""Calls to somebody's HTTP API: bounded in time and size, and told apart by whether a second try may help."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

from millhand.core.errors import Transient
from millhand.net.cut import cut_after

T = TypeVar("T")

_LARGEST_BODY = 65_536
_LONGEST_RETRY_AFTER = 60.0
_MOST_REDIRECTS = 5
_MOVED = frozenset({301, 302, 303})
_KEEP_METHOD = frozenset({307, 308})
_OK = range(200, 300)
_CONNECTIONS: Mapping[str, type[HTTPConnection]] = {"http": HTTPConnection, "https": HTTPSConnection}


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


@dataclass(frozen=True, slots=True)
class _Call:
    """One call, before and after redirects."""

    method: str
    url: str
    body: bytes | None
    headers: Mapping[str, str]

    def moved(self, status: int, place: str) -> "_Call | None":
        """The call to make instead, as Node's `fetch` does: 307 and 308 keep the method; a key stays with its host."""
        url = urljoin(self.url, place)
        if status not in _MOVED | _KEEP_METHOD or not place or urlsplit(url).scheme not in _CONNECTIONS:
            return None
        same = _place(url) == _place(self.url)
        headers = {name: value for name, value in self.headers.items() if same or name != "Authorization"}
        keeps = status in _KEEP_METHOD
        return _Call(self.method if keeps else "GET", url, self.body if keeps else None, headers)


@dataclass(frozen=True)
class Caller:
    """Posts JSON. `seconds` bounds a call; `headers` go with each. Proxies of the environment are not used."""

    seconds: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def post(self, url: str, content: object = None) -> Answer:
        """Post JSON, or no body for None; raises `Unanswered`. An answer that says no is an answer."""
        body = None if content is None else json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return self._answer(_Call("POST", url, body, self._headers()))

    def get(self, url: str) -> Answer:
        """Ask; raises `Unanswered`."""
        return self._answer(_Call("GET", url, None, self._headers()))

    def _headers(self) -> dict[str, str]:
        named = {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": f"millhand/{version('millhand')}"}
        return {**named, "Connection": "close", **self.headers}

    def _answer(self, call: _Call) -> Answer:
        for _ in range(_MOST_REDIRECTS):
            try:
                with self._reply(call) as reply:
                    moved = call.moved(reply.status, reply.headers.get("Location", ""))
                    answer = _answer(reply)
            except (OSError, HTTPException, ValueError) as error:
                raise Unanswered(f"{_place(call.url)} does not answer: {_why(error)}") from error
            if moved is None:
                return answer
            call = moved
        raise Unanswered(f"{_place(call.url)} redirects in a circle")

    @contextmanager
    def _reply(self, call: _Call) -> Generator[HTTPResponse]:
        parts = urlsplit(call.url)
        connection = _CONNECTIONS[parts.scheme](parts.hostname or "", parts.port, timeout=self.seconds)
        try:
            connection.connect()
            with cut_after(self.seconds, connection.sock):
                connection.request(call.method, _target(parts), call.body, dict(call.headers))
                with connection.getresponse() as reply:
                    yield reply
        finally:
            connection.close()


def _answer(reply: HTTPResponse) -> Answer:
    after = reply.headers.get("Retry-After", "")
    return Answer(
        reply.status,
        _reason(reply),
        reply.read(_LARGEST_BODY),
        float(after) if after.isdecimal() else None,
    )


def _reason(reply: HTTPResponse) -> str:
    if reply.reason:
        return reply.reason
    return HTTPStatus(reply.status).phrase if reply.status in {each.value for each in HTTPStatus} else ""


def _target(parts: SplitResult) -> str:
    return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _why(error: Exception) -> str:
    words = getattr(error, "strerror", None) or str(error)
    return words or type(error).__name__
