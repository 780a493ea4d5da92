"""Calls to addresses that a client names: to public hosts and those that the operator named, by the rule for pages.

What is judged is an IP address, and that one is connected to: a second look-up of the name could give another.
"""

import socket
import ssl
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import cast
from urllib.parse import SplitResult, urlsplit

from millhand.net.cut import cut_after
from millhand.net.reach import Reach

_PORTS = {"http": 80, "https": 443}
_OWN = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def is_address(text: str) -> bool:
    """Whether this can be called at all: an address of the web, written in ASCII."""
    try:
        parts = urlsplit(text)
        return parts.scheme in _PORTS and bool(parts.hostname) and (parts.port or 1) > 0 and text.isascii()
    except ValueError:
        return False


async def judged(url: str, reach: Reach) -> str:
    """The IP address to call; raises `RefusedError` if the rule forbids the host, and `OSError` if it has none."""
    parts = urlsplit(url)
    return (await reach.addresses(parts.hostname or "", _port(parts)))[0]


@contextmanager
def calling(url: str, address: str, seconds: float) -> Generator[HTTPConnection]:
    """A connection to an address that was judged, for one call; all of it takes so long at most. Raises `OSError`."""
    parts = urlsplit(url)
    plain = socket.create_connection((address, _port(parts)), timeout=seconds)
    wire = plain if parts.scheme == "http" else _sealed(plain, parts.hostname or "")
    connection = HTTPConnection(parts.hostname or "", _port(parts))
    connection.sock = wire
    with closing(wire), cut_after(seconds, wire), closing(connection):
        if isinstance(wire, ssl.SSLSocket):
            wire.do_handshake()
        yield connection


def target_of(url: str) -> str:
    """What a request asks for: the path and what follows it."""
    parts = urlsplit(url)
    return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def host_header(url: str) -> str:
    """The host as a request names it, without a user."""
    return urlsplit(url).netloc.rpartition("@")[2]


def plain_headers(value: object) -> dict[str, str]:
    """Headers that a client wants to be sent; raises `ValueError` for what are none, and for the call's own."""
    if not isinstance(value, dict):
        raise ValueError("expected a JSON object")  # noqa: TRY004 - the mistake is in what the client wrote
    headers = {str(name): str(text) for name, text in cast("Mapping[object, object]", value).items()}
    plain = all(f"{name}{text}".isascii() and f"{name}{text}".isprintable() for name, text in headers.items())
    if not plain or _OWN & {name.lower() for name in headers}:
        raise ValueError(f"expected ASCII, and none of {', '.join(sorted(_OWN))}")
    return headers


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _sealed(plain: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
