"""Run an ASGI app on a port inside an event loop that belongs to somebody else: uvicorn without its signal handlers."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from millhand.core.errors import ConfigError

_MOST_CONNECTIONS = 1_000
_BACKLOG = 128
_END_WITHIN = 2


class HttpServer:
    """Serves an app while it is entered: `async with HttpServer(app, "127.0.0.1", 0) as server`.

    Port 0 takes a free one; `server.port` then tells which. Entering raises `ConfigError` if the port can't be had.
    Leaving lets requests under way end for up to two seconds.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._host = host
        self._wanted_port = port
        self._server = _Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=_END_WITHIN,
            )
        )
        self._serving: asyncio.Task[None] | None = None
        self._port = port

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """The URL of its root, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        listener = await self._listen()
        self._port = int(listener.getsockname()[1])
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]), name=f"http {self._port}")
        up = asyncio.create_task(self._server.up.wait())
        try:
            await asyncio.wait({self._serving, up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def _listen(self) -> socket.socket:
        place = f"{self._host}:{self._wanted_port}"
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._wanted_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            family, _, _, _, address = found[0]
            listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
            # asyncio sends at once (TCP_NODELAY) only where it is told that this is TCP; else each answer waits for the
            # acknowledgement of its head, which comes 40 ms late.
            return socket.socket(listener.family, listener.type, socket.IPPROTO_TCP, listener.detach())
        except OSError as error:
            raise ConfigError(
                f"can't listen on {place}: {error.strerror or error}",
                code="port_unavailable",
                hint="Another process may have the port: choose one with http.host and http.port (0 takes a free one).",
            ) from error


class _Server(uvicorn.Server):
    """A server that leaves signals to the program and tells when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.up.set()
