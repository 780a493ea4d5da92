"""The thread in which Word's objects live: COM binds them to it, so every call is made there, one after another."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

from millhand.core.errors import MillhandError
from millhand.engines.word.port import Com

T = TypeVar("T")


class Apartment:
    """Runs calls in its thread. One that hangs for ever may be left behind: the thread does not keep the process."""

    def __init__(self, com: Com) -> None:
        self._com = com
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._live, name="word", daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], T]) -> "Future[T]":
        """Have a call made; its result or error arrives in the future."""
        future: Future[T] = Future()

        def make() -> None:
            try:
                future.set_result(call())
            except MillhandError as error:
                # Without the frames that still hold objects of Word's: those must not leave the apartment.
                future.set_exception(error.with_traceback(None))
            except BaseException as error:  # noqa: BLE001 - a mistake of ours: whoever waits gets it whole
                future.set_exception(error)

        self._calls.put(make)
        return future

    def close(self, seconds: float) -> bool:
        """End the thread once its calls are done; whether that was within `seconds`."""
        self._calls.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _live(self) -> None:
        with self._com.apartment():
            while (call := self._calls.get()) is not None:
                call()
                del call  # it may hold an object of Word's, which must not outlive the apartment


def settled(future: "Future[T]", seconds: float) -> bool:
    """Whether the future has its result or error, waiting for it at most that long."""
    try:
        future.exception(seconds)
    except NotYet:
        return False
    return True
