"""A document that is named by an address of the web: fetched within bounds, from where anybody may fetch."""

import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPException, HTTPResponse
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import UploadFile

from millhand.core.clock import Clock
from millhand.net.reach import Reach, RefusedError
from millhand.web import outward
from millhand.web.problems import Refused

_MOST_REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_OK = 200
_PIECE = 64 * 1024
_MOST_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is, and with which headers its host is asked; once it was found, the name that it has there."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str | None = None

    def moved(self, to: str) -> "Place":
        """The place that this one leads to: another host hears nothing of the headers. Raises `Refused`."""
        url = urljoin(self.url, to)
        if not to or not outward.is_address(url):
            raise _unreachable(self.url, "it leads to no address of the web")
        same = urlsplit(url)[:2] == urlsplit(self.url)[:2]
        return Place(url, self.headers if same else {})


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches what clients name: `largest` bytes and so many `seconds` at most, redirects included.

    `named` are hosts, and `host:port`, that may be reached though they are not public. Each fetch takes a thread.
    """

    named: frozenset[str]
    largest: int
    seconds: float
    clock: Clock
    limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_MOST_AT_A_TIME))

    @asynccontextmanager
    async def fetched(self, place: Place) -> AsyncGenerator[UploadFile]:
        """The file at an address, as if it had come along; its type is nobody's word. Raises `Refused`."""
        with tempfile.TemporaryFile(prefix="millhand-fetch-") as file:
            last = await self._follow(place, file)
            file.seek(0)
            yield UploadFile(file, filename=_suffixed(last.name) or _name(place.url) or _name(last.url))

    async def _follow(self, place: Place, file: IO[bytes]) -> Place:
        """Write the content into a file; where it was found in the end."""
        rule, deadline = Reach.of_this_machine(self.named), self.clock.monotonic() + self.seconds
        for _ in range(_MOST_REDIRECTS + 1):
            address = await _judged(place.url, rule)
            place = await to_thread.run_sync(self._get, place, address, file, deadline, limiter=self.limiter)
            if place.name is not None:
                return place
        raise _unreachable(place.url, f"it leads on more than {_MOST_REDIRECTS} times")

    def _get(self, place: Place, address: str, file: IO[bytes], deadline: float) -> Place:
        """Write what an address answers into a file, or say where it leads to instead."""
        url, found = place.url, place
        try:
            with outward.calling(url, address, max(0.1, deadline - self.clock.monotonic())) as connection:
                connection.request("GET", outward.target_of(url), headers={**place.headers, **_headers(url)})
                with connection.getresponse() as answer:
                    if answer.status in _MOVED:
                        return place.moved(answer.headers.get("Location", ""))
                    self._keep(url, answer, file)
                    found = replace(place, name=answer.headers.get_filename() or "")
        except (OSError, HTTPException) as error:
            why = _why(error)
        else:
            why = ""
        if self.clock.monotonic() >= deadline:  # what was cut off may look like the end
            why = f"it takes longer than {self.seconds:g} s"
        if why:
            raise _unreachable(url, why)
        return found

    def _keep(self, url: str, answer: HTTPResponse, file: IO[bytes]) -> None:
        declared, got = answer.length, 0
        if answer.status != _OK:
            raise _unreachable(url, f"it answers with status {answer.status}")
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise _unreachable(url, "it answers with packed content, which was not asked for")
        if (declared or 0) > self.largest:
            raise self._too_large()
        while piece := answer.read1(_PIECE):
            got += len(piece)
            if got > self.largest:
                raise self._too_large()
            file.write(piece)
        if declared is not None and got < declared:
            raise ConnectionError(f"it broke off after {got:,} of {declared:,} bytes")

    def _too_large(self) -> Refused:
        return Refused(
            413,
            f"the document is larger than {self.largest:,} bytes",
            code="too_large",
            hint="Put it into a blob and pass its URL, or raise the setting api.max_upload.",
        )


async def _judged(url: str, rule: Reach) -> str:
    host = urlsplit(url).hostname
    try:
        return await outward.judged(url, rule)
    except RefusedError:
        raise Refused(
            403,
            f"the document's host {host} is not public",
            code="address_refused",
            hint="Send the file itself, or name the host in the setting chromium.allowed_hosts if it shall be reached.",
        ) from None
    except OSError as error:
        raise _unreachable(url, _why(error)) from None


def _headers(url: str) -> dict[str, str]:
    own = {"Host": outward.host_header(url), "User-Agent": f"millhand/{version('millhand')}"}
    return {**own, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}


def _name(url: str) -> str:
    return _suffixed(unquote(urlsplit(url).path))


def _suffixed(path: str | None) -> str:
    """The name at the end of a path, if it says of which kind the file is."""
    name = PurePosixPath((path or "").replace("\\", "/")).name
    return name if PurePosixPath(name).suffix else ""


def _unreachable(url: str, why: str) -> Refused:
    host = urlsplit(url).hostname
    return Refused(
        422,
        f"the document can't be fetched from {host}: {why}",
        code="source_unreachable",
        hint="Send the file itself, or an address that answers with it.",
    )


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
