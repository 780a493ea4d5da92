"""A small web server for pages under test: what it was asked, and pages of every bad sort."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_ENDLESS = b"<p>more</p>" * 4096
_ENDLESS_MOST = 2000


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, address: str, port: int) -> None:
        super().__init__((address, port), _Handler)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.pages: dict[str, str] = {}

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 20

    @property
    def _pages(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._pages.requests.append((self.path, dict(self.headers)))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.path:
            case "/redirect":
                self._say(int(query.get("status", "302")), "", {"Location": query["to"]})
            case "/status":
                self._say(int(query["code"]), f"<h1>{query['code']}</h1>")
            case "/download":
                self._say(200, "x", {"Content-Disposition": "attachment; filename=x.bin", "Content-Type": "a/b"})
            case "/endless":
                self._endless()
            case path:
                page = self._pages.pages.get(path)
                self._say(404 if page is None else 200, page or "nothing here")

    def _say(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _endless(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(_ENDLESS_MOST):
                self.wfile.write(_ENDLESS)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay silent."""


class Pages:
    """The server, as tests use it."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.port = server.server_address[1]
        self.host = f"{server.server_address[0]}:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def add(self, path: str, html: str) -> str:
        self._server.pages[path] = html
        return self.url(path)

    @property
    def paths(self) -> list[str]:
        """Everything that it was asked for."""
        return [path for path, _ in self._server.requests]

    def asked(self, path: str) -> list[dict[str, str]]:
        """The headers of every request for that path."""
        return [headers for asked, headers in self._server.requests if asked == path]


@contextlib.contextmanager
def serving(address: str = "127.0.0.1", port: int = 0) -> Iterator[Pages]:
    server = _Server(address, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="pages")
    thread.start()
    try:
        yield Pages(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
