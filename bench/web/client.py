"""A client on one connection that it keeps, as a browser does, which tells how long each answer took."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_PATIENCE = 60.0


class AnswerError(Exception):
    """An answer that is none: the numbers would mean nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, and how many seconds it took from the request to its last byte."""

    body: bytes
    seconds: float


class Client:
    """Asks a site. `headers` go with each request; the cookies that it sets are kept."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
        self._headers = dict(headers or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._connection.close()

    def get(self, path: str) -> Answer:
        """What is there; raises `AnswerError` if it is not."""
        return self._ask("GET", path, None)

    def post(self, path: str, value: object) -> Answer:
        """Send JSON; raises `AnswerError` if it is refused."""
        return self._ask("POST", path, json.dumps(value).encode(), "application/json")

    def _ask(self, method: str, path: str, body: bytes | None, kind: str = "") -> Answer:
        headers = self._headers | ({"Content-Type": kind} if kind else {})
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - began
        if response.status >= http.client.MULTIPLE_CHOICES:
            raise AnswerError(f"{method} {path} was answered with {response.status}: {content[:200].decode()}")
        if cookie := response.getheader("Set-Cookie"):
            self._headers["Cookie"] = cookie.partition(";")[0]
        return Answer(content, seconds)
