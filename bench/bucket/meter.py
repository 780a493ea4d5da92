"""A way to a store on this machine that notes each request: what it was, about which key, and when."""

import asyncio
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote

_HOST = "127.0.0.1"
_CHUNK = 64 * 1024
_METHODS = (b"GET ", b"HEAD ", b"PUT ", b"POST ", b"DELETE ")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: when it passed, by `time.perf_counter`; its kind (list, get, head, put, delete); and its key."""

    at: float
    kind: str
    key: str


class Meter:
    """Passes on every connection, from a thread of its own. Use it as a context manager."""

    def __init__(self, target: int) -> None:
        self.requests: list[Request] = []
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="meter")
        self._links: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def endpoint(self) -> str:
        """The URL that clients are given."""
        port = self._server.sockets[0].getsockname()[1] if self._server else 0
        return f"http://{_HOST}:{port}"

    def times(self, kind: str, prefix: str) -> list[float]:
        """When requests of a kind about keys with this prefix passed."""
        return [each.at for each in list(self.requests) if each.kind == kind and each.key.startswith(prefix)]

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, call: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(call, self._loop).result()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._accept, _HOST, 0)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.create_task(self._join(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(_HOST, self._target)
        try:
            with suppress(OSError):
                await asyncio.gather(self._pump(reader, far_writer, counted=True), self._pump(far_reader, writer))
        finally:
            writer.close()
            far_writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: bool = False) -> None:
        while data := await source.read(_CHUNK):
            if counted and data.startswith(_METHODS):
                self.requests.append(_request(data))
            sink.write(data)
            await sink.drain()
        sink.close()


def _request(data: bytes) -> Request:
    method, target, *_ = data.partition(b"\r\n")[0].decode("latin-1").split(" ")
    path, _, query = target.partition("?")
    key = unquote(path).strip("/").partition("/")[2]
    kind = "list" if "list-type" in query else "delete" if method == "POST" else method.lower()
    return Request(time.perf_counter(), kind, key)
