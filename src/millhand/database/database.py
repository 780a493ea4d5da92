"""The database of one process: a thread that writes and groups commits (two on a server), readers, and a waker."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

import sqlalchemy as sa

from millhand.core.clock import Clock
from millhand.core.durability import Durability
from millhand.core.errors import BrokerUnavailable
from millhand.database.ears import ears
from millhand.database.engines import READERS, WRITERS_ON_SERVER, postgres_module, reader_engine, writer_engine
from millhand.database.faults import translated
from millhand.database.lines import FileLine, Line
from millhand.database.schema import require_current, schema_status, schema_up
from millhand.database.server_clock import ServerClock
from millhand.database.server_facts import ServerFacts, read_facts
from millhand.database.urls import ServerAddress, address_of
from millhand.database.waker import Waker
from millhand.database.writer import Operation, Pending, Undo, Writer

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds for which a write waits for its turn among processes before it fails."""

SERVER_PATIENCE = 10.0
"""The same for a server, where a write that takes so long is a fault, and leases run out meanwhile."""


class Database:
    """One per process. Statements run in threads, so that the event loop never waits for the disk.

    `clock` is the one by which leases and delays are judged: this machine's for a file, the server's for a server.
    """

    def __init__(
        self, url: str, *, clock: Clock, durability: Durability, patience: float, server_clock: Clock | None
    ) -> None:
        self.url = url
        self._address = address_of(url)
        self._server_clock: ServerClock | None = None
        self.clock = clock
        if isinstance(self._address, ServerAddress):
            patience = min(patience, SERVER_PATIENCE)
            if server_clock is None:
                server_clock = self._server_clock = ServerClock(clock, postgres_module().now)
            self.clock = server_clock
        self._patience = patience
        self._durability = durability
        self._write_engine = writer_engine(url, durability, patience)
        self._read_engine = reader_engine(url, patience)
        self._threads: ThreadPoolExecutor | None = None
        self._writers: list[Writer] = []
        self._version_source: sa.PoolProxiedConnection | None = None
        self._opening = asyncio.Lock()
        self.waker = Waker(self._new_line())

    @classmethod
    def at(
        cls,
        url: str,
        *,
        clock: Clock,
        durability: Durability = Durability.FULL,
        patience: float = PATIENCE,
        server_clock: Clock | None = None,
    ) -> Self:
        """The database at a URL: `sqlite:///path/to/file` or `postgresql://…`; raises `ConfigError`.

        `patience` is in seconds: for so long a write waits for its turn among processes. `server_clock` stands for
        that of a server, which is asked otherwise: so can tests move it.
        """
        return cls(url, clock=clock, durability=durability, patience=patience, server_clock=server_clock)

    @property
    def on_server(self) -> bool:
        """Whether it is on a server, where each statement is a question and an answer."""
        return isinstance(self._address, ServerAddress)

    @property
    def lease_durability(self) -> Durability:
        """What a new lease asks of its commit.

        A power cut that undoes a lease in a file ends its holder as well. A server's crash leaves the holders running,
        so there a lease is only given once it is on the disk.
        """
        return Durability.NORMAL if isinstance(self._address, Path) else Durability.FULL

    @property
    def lag(self) -> float:
        """Seconds by which this machine's clock is ahead of the one that counts."""
        return 0.0 if self._server_clock is None else self._server_clock.ahead

    async def server_facts(self) -> ServerFacts | None:
        """What the server says of itself, None for a file. Raises `BrokerUnavailable`."""
        address = self._address
        if isinstance(address, Path):
            return None
        return await self.read(lambda connection: read_facts(connection, address.schema))

    async def open(self) -> None:
        """Connect; an empty database gets its schema. Raises `SchemaMismatch` for any other schema than ours.

        Calling it twice is harmless.
        """
        async with self._opening:
            if self._writers:
                return
            await asyncio.to_thread(self._prepare)
            self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="database-reader")
            count = 1 if isinstance(self._address, Path) else WRITERS_ON_SERVER
            self._writers = [self._new_writer() for _ in range(count)]
            self.waker = Waker(self._new_line())
        if isinstance(self._address, ServerAddress):
            await self.write(lambda _: None)  # the clock is read, and what can't be written to is known now

    async def close(self) -> None:
        """Finish the writes under way and disconnect. Calling it twice, or before `open`, is harmless."""
        async with self._opening:
            writers, threads = self._writers, self._threads
            if threads is None:
                return
            await self.waker.close()
            self._writers, self._threads = [], None
            for writer in writers:
                await asyncio.to_thread(writer.stop)
            # The results of the last commits have been handed out by now; what nobody took is taken back.
            for writer in writers:
                await asyncio.to_thread(writer.finish)
            await asyncio.to_thread(threads.shutdown)
            self._dispose()

    async def write(
        self,
        operation: Operation[T],
        *,
        undo: Undo[T] | None = None,
        durability: Durability = Durability.FULL,
        single: bool = False,
        calls: bool = False,
    ) -> T:
        """Run an operation in a transaction of the writer, perhaps together with others; return after its commit.

        The operation may be run again if a transaction has to be repeated, so it must have no effect but on the
        database. If the caller is cancelled, an operation not begun is dropped; one under way is committed, and then
        `undo` is run on its result. `durability` is what the operation needs, within that of the database: what may be
        forgotten at a power cut need not wait for the disk. `single` tells that the operation is a single statement,
        which a server runs with less ado. With `calls`, whoever waits for a change is woken by the commit, in all
        processes. Raises `BrokerUnavailable` in an outage: the operation was not run, or its
        commit was sent and the answer lost.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        then = self.waker.call if calls else None
        self._writer(0).submit(Pending(operation, future, undo, durability, single, then))
        result = await future
        if calls:
            self.waker.wake()
        return result

    async def write_beside(
        self,
        operation: Operation[T],
        *,
        undo: Undo[T] | None = None,
        durability: Durability = Durability.FULL,
        single: bool = False,
    ) -> T:
        """The same, and on a server not in line with the other writes: for what never waits for a row that they hold.

        A file has one writer at a time anyway.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._writer(-1).submit(Pending(operation, future, undo, durability, single))
        return await future

    async def read(self, operation: Callable[[sa.Connection], T]) -> T:
        """Run an operation that only reads, on one snapshot, beside the writer. Raises `BrokerUnavailable`."""
        if self._threads is None:
            raise _closed()
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, operation)

    def _writer(self, place: int) -> Writer:
        if not self._writers:
            raise _closed()
        return self._writers[place]

    def _new_writer(self) -> Writer:
        writer = Writer(self._write_engine, self._durability, self._patience, self._set_clock)
        writer.start()
        return writer

    def _prepare(self) -> None:
        with translated():
            status = schema_status(self.url)
            if status.present is None:
                status = schema_up(self.url)
            require_current(status)

    def _read(self, operation: Callable[[sa.Connection], T]) -> T:
        with translated(), self._read_engine.connect() as connection:
            return operation(connection)

    def _set_clock(self, connection: sa.Connection) -> None:
        if self._server_clock is not None and self._server_clock.outdated:
            self._server_clock.set(connection)

    def _new_line(self) -> Line:
        if isinstance(self._address, Path):
            return FileLine(ears(self._address.with_name(f"{self._address.name}-wake")), self._version)
        from millhand.database.server_line import ServerLine  # noqa: PLC0415 - its driver is an extra

        return ServerLine(self._address, self._notify)

    def _notify(self, channel: str, payload: str) -> None:
        if self._writers:
            self._writers[0].call(lambda connection: postgres_module().call(connection, channel, payload))

    async def _version(self) -> int:
        """A number that changes with every commit by another connection."""
        if self._threads is None:
            return 0
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read_version)

    def _read_version(self) -> int:
        with translated():
            if self._version_source is None:
                self._version_source = self._read_engine.raw_connection()
            row = self._version_source.cursor().execute("PRAGMA data_version").fetchone()
            return row[0]

    def _dispose(self) -> None:
        if self._version_source is not None:
            self._version_source.close()
            self._version_source = None
        self._read_engine.dispose()
        self._write_engine.dispose()


def _closed() -> BrokerUnavailable:
    return BrokerUnavailable("the database is not open", hint="Call `open` first.")
