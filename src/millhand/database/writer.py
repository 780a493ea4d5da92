"""One thread with one connection that does all writing of a process, many operations in one commit."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from millhand.core.durability import Durability
from millhand.core.errors import BrokerUnavailable
from millhand.database.engines import begin, begin_single
from millhand.database.faults import is_outage, passes, translated

T = TypeVar("T")
Operation = Callable[[sa.Connection], T]
Undo = Callable[[T], Operation[object]]

_Begin = Callable[[sa.Connection], sa.RootTransaction]

_MOST_IN_ONE_COMMIT = 64
_RETRY_AFTER = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Pending(Generic[T]):
    """An operation that waits to be run, and whom to tell.

    `undo` makes the opposite of a result whose caller has gone away in the meantime. `durability` is what it asks for
    of the commit, which gives the most that anybody asks for. A `single` operation is one statement. `then` is called
    in the writer's thread as soon as it is committed.
    """

    operation: Operation[T]
    future: asyncio.Future[T] | None
    undo: Undo[T] | None = None
    durability: Durability = Durability.FULL
    single: bool = False
    then: Callable[[], None] | None = None

    @property
    def abandoned(self) -> bool:
        """Whether its caller has gone away."""
        return self.future is not None and self.future.cancelled()


@dataclass(frozen=True, slots=True)
class _Done:
    pending: Pending[Any]
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs operations in the order in which they come. Those that wait at the same time share one transaction.

    If one of them fails, the transaction is rolled back and each is run alone, so a fault stays with its owner. If the
    database itself fails, all of them are told. No operation is run again once a COMMIT was sent, whose answer may have
    been lost: then its caller decides. `prepare` is called at the begin of each transaction.
    """

    def __init__(
        self,
        engine: sa.Engine,
        durability: Durability,
        patience: float,
        prepare: Callable[[sa.Connection], None] | None = None,
    ) -> None:
        self._engine = engine
        self._prepare = prepare
        self._durability = durability
        self._patience = patience
        self._queue: SimpleQueue[Pending[Any] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._connection: sa.Connection | None = None
        self._call: Operation[object] | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, pending: Pending[Any]) -> None:
        """Hand in an operation; its future resolves after its commit."""
        self._queue.put(pending)

    def call(self, operation: Operation[object]) -> None:
        """Run an operation in a transaction of its own, after what waits; of several, only the last one.

        It is for calls to other processes: PostgreSQL lets only one transaction with a NOTIFY commit at a time, and
        that one should not wait for a disk. If it fails, nobody is told.
        """
        self._call = operation
        self._queue.put(Pending(_nothing, None, durability=Durability.NORMAL))

    def stop(self) -> None:
        """Finish what was handed in, and end the thread. Blocks."""
        self._queue.put(None)
        self._thread.join()

    def finish(self) -> None:
        """Run what was handed in after `stop`: results taken back from callers that had gone. Blocks."""
        while not self._queue.empty():
            self._commit(self._next_batch()[0])
        self._disconnect()

    def _run(self) -> None:
        stopped = False
        while not stopped:
            batch, stopped = self._next_batch()
            self._commit(batch)
            self._make_call()
        self._disconnect()

    def _make_call(self) -> None:
        if self._call is None:
            return
        call, self._call = self._call, None
        with suppress(BrokerUnavailable):  # who was not called looks by itself
            self._together([Pending(call, None, single=True)])

    def _next_batch(self) -> tuple[list[Pending[Any]], bool]:
        """What waits, at least one operation, and whether the end was asked for."""
        batch: list[Pending[Any]] = []
        try:
            following = self._queue.get()
            while following is not None:
                batch.append(following)
                if len(batch) == _MOST_IN_ONE_COMMIT:
                    return batch, False
                following = self._queue.get_nowait()
        except Empty:
            return batch, False
        return batch, True

    def _commit(self, batch: Sequence[Pending[Any]]) -> None:
        wanted = [each for each in batch if each.operation is not _nothing and not each.abandoned]
        if not wanted:
            return
        try:
            done = self._together(wanted)
        except Exception as error:  # noqa: BLE001 - whatever an operation raises belongs to its caller
            together = len(wanted) == 1 or is_outage(error)
            done = [_Done(each, error=error) if together else self._alone(each) for each in wanted]
        _follow(done)
        self._deliver(done)

    def _alone(self, pending: Pending[Any]) -> _Done:
        try:
            return self._together([pending])[0]
        except Exception as error:  # noqa: BLE001 - as above
            return _Done(pending, error=error)

    def _together(self, batch: Sequence[Pending[Any]]) -> list[_Done]:
        give_up_at = time.monotonic() + self._patience
        with translated():
            while True:
                try:
                    return self._in_transaction(batch)
                except exc.DBAPIError as error:
                    if not passes(error):
                        self._disconnect_after(error)
                        raise
                    if time.monotonic() > give_up_at:
                        raise
                time.sleep(_RETRY_AFTER)

    def _in_transaction(self, batch: Sequence[Pending[Any]]) -> list[_Done]:
        connection, transaction = self._begun(self._way_to_begin(batch))
        with transaction:
            if self._prepare is not None:
                self._prepare(connection)
            return [_Done(each, each.operation(connection)) for each in batch]

    def _way_to_begin(self, batch: Sequence[Pending[Any]]) -> _Begin:
        if self._durability is Durability.FULL and len(batch) == 1 and batch[0].single:
            return begin_single
        full = self._durability is Durability.FULL and any(each.durability is Durability.FULL for each in batch)
        return partial(begin, durability=Durability.FULL if full else Durability.NORMAL)

    def _begun(self, begin: _Begin) -> tuple[sa.Connection, sa.RootTransaction]:
        """A transaction; if the connection turns out to have been cut while it was idle, one on a new connection."""
        if self._connection is not None:
            try:
                return self._connection, begin(self._connection)
            except exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self._disconnect()
        self._connection = self._engine.connect()
        return self._connection, begin(self._connection)

    def _disconnect_after(self, error: exc.DBAPIError) -> None:
        """Look for the database anew: the server at this address may have become another one."""
        if is_outage(error):
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(exc.DBAPIError):  # it may be broken
                connection.close()

    def _deliver(self, done: Sequence[_Done]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Done]] = {}
        for each in done:
            if each.pending.future is not None:
                by_loop.setdefault(each.pending.future.get_loop(), []).append(each)
        for loop, group in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._resolve, group)
            except RuntimeError:  # the loop is closed: its callers have gone away
                for each in group:
                    self._take_back(each)

    def _resolve(self, done: Sequence[_Done]) -> None:
        for each in done:
            future = each.pending.future
            if future is None or future.done():
                self._take_back(each)
            elif each.error is not None:
                future.set_exception(each.error)
            else:
                future.set_result(each.result)

    def _take_back(self, done: _Done) -> None:
        if done.pending.undo is not None and done.error is None:
            self.submit(Pending(done.pending.undo(done.result), None))


def _follow(done: Sequence[_Done]) -> None:
    """Do what follows the commit: of several that want the same it is done once."""
    for then in {each.pending.then for each in done if each.error is None}:
        if then is not None:
            with suppress(OSError):  # a call that fails: the others look by themselves
                then()


def _nothing(connection: sa.Connection) -> None:
    del connection
