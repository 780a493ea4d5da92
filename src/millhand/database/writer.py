"""One thread with one connection that does all writing of a process, many operations in one commit."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from millhand.core.durability import Durability
from millhand.database.engines import committing
from millhand.database.faults import passes, translated

T = TypeVar("T")
Operation = Callable[[sa.Connection], T]
Undo = Callable[[T], Operation[object]]

_MOST_IN_ONE_COMMIT = 64
_RETRY_AFTER = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Pending(Generic[T]):
    """An operation that waits to be run, and whom to tell.

    `undo` makes the opposite of a result whose caller has gone away in the meantime. `durability` is what it asks for
    of the commit, which gives the most that anybody asks for.
    """

    operation: Operation[T]
    future: asyncio.Future[T] | None
    undo: Undo[T] | None = None
    durability: Durability = Durability.FULL


@dataclass(frozen=True, slots=True)
class _Done:
    pending: Pending[Any]
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs operations in the order in which they come. Those that wait at the same time share one transaction.

    If one of them fails, the transaction is rolled back and each is run alone, so a fault stays with its owner.
    """

    def __init__(self, engine: sa.Engine, durability: Durability, patience: float) -> None:
        self._engine = engine
        self._durability = durability
        self._patience = patience
        self._queue: SimpleQueue[Pending[Any] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._connection: sa.Connection | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, pending: Pending[Any]) -> None:
        """Hand in an operation; its future resolves after its commit."""
        self._queue.put(pending)

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
        self._disconnect()

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
        wanted = [each for each in batch if each.future is None or not each.future.cancelled()]
        if not wanted:
            return
        try:
            done = self._together(wanted)
        except Exception as error:  # noqa: BLE001 - whatever an operation raises belongs to its caller
            done = [_Done(wanted[0], error=error)] if len(wanted) == 1 else [self._alone(each) for each in wanted]
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
                        self._disconnect()
                        raise
                    if time.monotonic() > give_up_at:
                        raise
                time.sleep(_RETRY_AFTER)

    def _in_transaction(self, batch: Sequence[Pending[Any]]) -> list[_Done]:
        if self._connection is None:
            self._connection = self._engine.connect()
        full = self._durability is Durability.FULL and any(each.durability is Durability.FULL for each in batch)
        with committing(self._connection, Durability.FULL if full else Durability.NORMAL):
            return [_Done(each, each.operation(self._connection)) for each in batch]

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

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
