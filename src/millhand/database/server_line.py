"""Calls between processes by LISTEN and NOTIFY: one connection of its own listens, in a thread that reconnects."""

import asyncio
import secrets
import selectors
import socket
import threading
from collections.abc import Callable

import psycopg
from psycopg import sql

from millhand.database.postgres import BoundedConnection, connect
from millhand.database.urls import ServerAddress

_PATIENCE = 5.0
_CHECK_EVERY = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_HEARD_WITHIN = 2.0
_POLL_IF_DEAF, _POLL_IF_LISTENING = 0.5, 2.0


class ServerLine:
    """Each commit that matters to others is called out once; the calls of this process itself are not heard.

    Behind a pooler that hands a server connection to anyone, LISTEN hears nothing. This is found out by a call to
    oneself; then waiters look at the database twice a second instead.
    """

    def __init__(self, address: ServerAddress, send: Callable[[str, str], None]) -> None:
        self._address = address
        self._send = send
        self._own = secrets.token_hex(4)
        self._listener: _Listener | None = None

    @property
    def channel(self) -> str:
        """The name of the channel: the schema's."""
        return self._address.schema

    @property
    def listening(self) -> bool:
        """Whether calls are heard now."""
        return self._listener is not None and self._listener.listening

    @property
    def poll(self) -> float:
        """Seconds between two looks at the database."""
        return _POLL_IF_LISTENING if self.listening else _POLL_IF_DEAF

    async def open(self, called: Callable[[], None]) -> None:
        """Begin to listen; it takes a moment until calls are heard."""
        loop = asyncio.get_running_loop()
        self._listener = _Listener(self._address, self._own, lambda: loop.call_soon_threadsafe(called), self.call)
        self._listener.start()

    def call(self) -> None:
        """Call all other processes, as soon as the writer has time for it."""
        self._send(self.channel, self._own)

    async def changed(self) -> bool:
        """Whether to look at the database: always, as it costs no more than asking."""
        return True

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            await asyncio.to_thread(self._listener.stop)
            self._listener = None


class _Listener:
    """The thread and its connection."""

    def __init__(
        self, address: ServerAddress, own: str, called: Callable[[], object], call_oneself: Callable[[], None]
    ) -> None:
        self._address = address
        self._own = own
        self._called = called
        self._call_oneself = call_oneself
        self._thread = threading.Thread(target=self._run, name="database-listener", daemon=True)
        self._stopping = threading.Event()
        self._bell, self._rope = socket.socketpair()
        self.listening = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Blocks."""
        self._stopping.set()
        self._rope.send(b"\0")
        self._thread.join()
        self._bell.close()
        self._rope.close()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                with connect(self._address, _PATIENCE) as connection:
                    pause = _FIRST_PAUSE
                    self._listen(connection)
            except (psycopg.Error, OSError):
                # The writer tells of an outage; here it only means that calls are not heard for a while.
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            finally:
                self.listening = False

    def _listen(self, connection: BoundedConnection) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._address.schema)), prepare=False)
            if connection.prepare_threshold is None and not self._hears_itself(connection, selector):
                self._stopping.wait()
                return
            self.listening = True
            self._called()
            while not self._stopping.is_set():
                if not selector.select(_CHECK_EVERY):
                    connection.execute("SELECT 1", prepare=False)
                if any(payload != self._own for payload in _calls(connection)):
                    self._called()

    def _hears_itself(self, connection: BoundedConnection, selector: selectors.BaseSelector) -> bool:
        self._call_oneself()
        return bool(selector.select(_HEARD_WITHIN)) and self._own in _calls(connection)


def _calls(connection: BoundedConnection) -> list[str]:
    """The payloads of the calls that have arrived."""
    server = connection.pgconn
    server.consume_input()
    found: list[str] = []
    while (call := server.notifies()) is not None:
        found.append(call.extra.decode())
    return found
