"""Behind a reverse proxy: paths under a prefix, and who asks from where, by proxies that are named as trusted."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from millhand.config.proxy import is_prefix
from millhand.web.access.people import People, keep_person

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SCHEMES = ("http", "https")
_log = structlog.get_logger("millhand.web")


class Proxies:
    """The addresses and networks whose headers are believed."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(text, strict=False) for text in trusted]

    def __contains__(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)

    def client(self, told: Sequence[str], peer: str) -> str:
        """Whom a request comes from: the last one of a way that no trusted proxy names as itself.

        `told` is what `X-Forwarded-For` says; what stands before an entry of somebody who is not trusted may be made
        up, so it is never looked at.
        """
        for host in reversed(told):
            if _address(host) is None:
                return peer
            peer = host
            if host not in self:
                return host
        return peer


class Front:
    """Gives requests to an app as they were before a proxy, and its answers the prefix.

    The app sees paths without the prefix, whether the proxy takes it off or not, and finds it in `root_path`.
    """

    def __init__(self, app: ASGIApp, proxies: Proxies, prefix: str = "", people: People | None = None) -> None:
        self._app = app
        self._proxies = proxies
        self._prefix = prefix
        self._people = people or People()
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen: dict[str, Any] = {**scope, "root_path": self._prefix}
        peer = scope["client"][0] if scope.get("client") else ""
        headers = Headers(scope=scope)
        if peer in self._proxies:
            self._believe(seen, peer, headers)
        elif self._people.named_in(headers):
            self._warn(peer)
        prefix: str = seen["root_path"]
        path: str = scope["path"]
        if path == prefix or path.startswith(f"{prefix}/"):
            seen["path"] = path.removeprefix(prefix) or "/"
        await self._app(seen, receive, _prefixed(send, prefix) if prefix else send)

    def _believe(self, seen: dict[str, Any], peer: str, headers: Headers) -> None:
        way = [_without_port(one.strip()) for text in headers.getlist("x-forwarded-for") for one in text.split(",")]
        seen["client"] = (self._proxies.client(way, peer), 0)
        scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        if scheme in _SCHEMES:
            seen["scheme"] = scheme
        prefix = headers.get("x-forwarded-prefix", "").rstrip("/")
        if prefix and is_prefix(prefix):
            seen["root_path"] = prefix
        keep_person(seen, self._people.person(headers))

    def _warn(self, peer: str) -> None:
        """Tell of a header that is not believed: once, as whoever sends it can send it a million times."""
        if not self._warned:
            _log.warning("nobody is signed in by a proxy that is not trusted", address=peer, setting="proxy.trusted")
            self._warned = True


def prefix_of(scope: Scope) -> str:
    """What the links in an answer begin with."""
    return str(scope.get("root_path", ""))


def _prefixed(send: Send, prefix: str) -> Send:
    """Have redirects and other places lead below the prefix."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            place = headers.get("location", "")
            if place.startswith("/") and not place.startswith(f"{prefix}/"):
                headers["location"] = prefix + place
        await send(message)

    return sending


def _address(host: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _without_port(host: str) -> str:
    """An address without the port that some proxies add: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
