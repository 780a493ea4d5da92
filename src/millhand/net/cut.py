"""A bound for all of a conversation over a socket: the time-outs of a socket begin anew with each byte."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress


@contextmanager
def cut_after(seconds: float, connected: socket.socket) -> Generator[None]:
    """Break a connection off after so many seconds, whatever comes over it."""

    def cut() -> None:
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
