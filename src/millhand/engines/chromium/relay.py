"""The program that Playwright's driver starts as if it were Chromium: it starts Chromium, and stands between the two.

Chromium talks to one client, by two pipes. Here a second one joins, at a socket: what it asks under numbers of its own
is answered to it alone, so that a picture of many megabytes does not go through the driver. It is run without anything
of millhand's, as `relay.py FOLDER CHROMIUM ARGUMENT...`, with the driver's pipes as descriptors 3 and 4.
"""

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator

FIRST_NUMBER = 1 << 30
"""Requests from here on are the second client's; the driver counts up from one."""

_READ, _WRITE = 3, 4  # of --remote-debugging-pipe: where Chromium reads, and where it writes
_END = b"\0"  # of each message
_ANSWER = b'{"id":'
_DETACHED = b'{"method":"Target.detachedFromTarget"'  # both clients want to know of the end of their sessions
_LONGEST_HEAD = len(_DETACHED)
_PIECE = 1 << 18


def address(folder: int) -> str:
    """That of the socket in a folder that is open as this descriptor, as the path to it may be too long (unix(7))."""
    return f"/proc/self/fd/{folder}/wire"


class Sorter:
    """Tells for each piece of what Chromium says who is to have it; a message is never held back as a whole."""

    def __init__(self) -> None:
        self._head = b""
        self._whom: tuple[bool, bool] | None = None

    def sorted(self, data: bytes) -> Iterator[tuple[bytes, bool, bool]]:
        """Pieces of messages, each with whether the driver wants it, and the second client."""
        start = 0
        while start < len(data):
            end = data.find(_END, start) + 1
            piece, start = data[start : end or None], end or len(data)
            if self._whom is None:
                piece = self._head + piece
                if not end and len(piece) < _LONGEST_HEAD:
                    self._head = piece
                    return
                self._head, self._whom = b"", _whom(piece)
            yield (piece, *self._whom)
            if end:
                self._whom = None


def _whom(head: bytes) -> tuple[bool, bool]:
    """Whether the driver, and the second client, are to have the message that begins so."""
    if head.startswith(_ANSWER):
        number = head[len(_ANSWER) : _LONGEST_HEAD].partition(b",")[0]
        second = number.isdigit() and int(number) >= FIRST_NUMBER
        return not second, second
    return True, head.startswith(_DETACHED)


class Relay:
    """Passes on what comes in, until Chromium is gone."""

    def __init__(self, second: socket.socket, chromium: list[str]) -> None:
        self._second = second.fileno()
        reads, self._to_chromium = os.pipe()
        self._from_chromium, writes = os.pipe()
        ends = [(os.POSIX_SPAWN_DUP2, reads, _READ), (os.POSIX_SPAWN_DUP2, writes, _WRITE)]
        ignored = [signal.SIGPIPE, signal.SIGXFSZ]  # by Python, which its children would inherit
        self.pid = os.posix_spawn(chromium[0], chromium, os.environ, file_actions=ends, setsigdef=ignored)
        os.close(reads)
        os.close(writes)
        self._begun = {_READ: b"", self._second: b""}
        self._sorter = Sorter()

    def run(self) -> None:
        """Come back when Chromium has closed its end."""
        poll = select.poll()
        for source in (_READ, self._second, self._from_chromium):
            poll.register(source, select.POLLIN)
        while True:
            for source, _ in poll.poll():
                data = _read(source)
                if source == self._from_chromium:
                    if not data:
                        return
                    self._answer(data)
                elif data:
                    self._ask(source, data)
                else:
                    poll.unregister(source)
                    self._leave(source)

    def _answer(self, data: bytes) -> None:
        for piece, driver, second in self._sorter.sorted(data):
            if driver:
                _write(_WRITE, piece)
            if second:
                _write(self._second, piece)

    def _ask(self, source: int, data: bytes) -> None:
        """Pass on whole messages only: those of the two must not mix."""
        whole, end, begun = (self._begun[source] + data).rpartition(_END)
        self._begun[source] = begun
        _write(self._to_chromium, whole + end)

    def _leave(self, source: int) -> None:
        """Without its driver Chromium ends, as it does when nothing stands between them."""
        if source == _READ:
            os.close(self._to_chromium)


def _read(source: int) -> bytes:
    try:
        return os.read(source, _PIECE)
    except ConnectionError:
        return b""


def _write(target: int, data: bytes) -> None:
    """Write all of it; who has gone away misses nothing."""
    view = memoryview(data)
    with contextlib.suppress(OSError):
        while view:
            view = view[os.write(target, view) :]


def main(arguments: list[str]) -> int:
    """Relay; gives back how Chromium ended."""
    place, *chromium = arguments
    with socket.socket(socket.AF_UNIX) as second:
        second.connect(address(os.open(place, os.O_RDONLY | os.O_DIRECTORY)))
        relay = Relay(second, chromium)
        relay.run()
        return os.waitstatus_to_exitcode(os.waitpid(relay.pid, 0)[1]) % 256


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
