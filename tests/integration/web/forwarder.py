"""A reverse proxy in a few lines: forwards below a prefix, which it takes off or leaves there; tells of the client."""

import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

PREFIX = "/millhand"
ADDRESS = "127.0.0.2"
"""Where it speaks to the server from, so that it can be told from clients of this machine."""

_OF_ONE_LEG = frozenset({"connection", "keep-alive", "transfer-encoding"})


@dataclass
class Route:
    """Where requests go, and what is changed in them; `legs` are the connections that are open behind the proxy."""

    port: int
    strips: bool
    told: Mapping[str, str]
    legs: set[socket.socket] = field(default_factory=set)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    route: Route


class _Handler(BaseHTTPRequestHandler):
    timeout = 2  # of connections on which a browser asks for nothing

    def _forward(self) -> None:
        route = cast("_Server", self.server).route
        set_here = _OF_ONE_LEG | {name.lower() for name in route.told}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in set_here}
        path = self.path.removeprefix(PREFIX) if route.strips else self.path
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        leg = socket.create_connection(("127.0.0.1", route.port), timeout=30, source_address=(ADDRESS, 0))
        connection = http.client.HTTPConnection("127.0.0.1", route.port)
        connection.sock = leg
        route.legs.add(leg)
        try:
            connection.request(self.command, path or "/", body or None, {**headers, **route.told})
            self._answer(connection.getresponse())
        finally:
            route.legs.discard(leg)
            connection.close()

    def _answer(self, response: http.client.HTTPResponse) -> None:
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _OF_ONE_LEG:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(OSError, http.client.HTTPException):  # either side may go away
            while piece := response.read1(65_536):
                self.wfile.write(piece)

    do_GET = do_POST = _forward  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Say nothing."""


@contextmanager
def forwarding(port: int, *, strips: bool, told: Mapping[str, str] | None = None) -> Iterator[int]:
    """Forward to a port of this machine; gives the proxy's own. `told` are headers that it sets."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.route = Route(port, strips, told or {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        for leg in set(server.route.legs):
            with suppress(OSError):
                leg.shutdown(socket.SHUT_RDWR)
        server.server_close()
