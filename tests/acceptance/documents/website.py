"""A web server of this machine that only notes what it is asked for."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Website:
    """Its address, and the paths that were asked for."""

    address: str
    seen: list[str]


@contextmanager
def open_website() -> Iterator[Website]:
    """A website that has nothing."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815 - the base class finds them by these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Website(f"http://127.0.0.1:{server.server_port}", seen)
        server.shutdown()
        thread.join()
