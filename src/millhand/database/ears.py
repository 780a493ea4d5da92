"""How processes on one machine call one another awake: a datagram to each socket with an address in a shared folder."""

import os
import secrets
import socket
import weakref
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Protocol

import psutil

_CALL = b"\0"
_LONGEST_SOCKET_PATH = 100
_NAME_LENGTH = 32
_LOOPBACK = "127.0.0.1"


class Ear(Protocol):
    """A socket that listens, and how to call all the others in its folder."""

    socket: socket.socket

    def close(self) -> None:
        """Stop listening, and take the address away."""
        ...


class Ears(Protocol):
    """A family of ears in one folder."""

    def open(self) -> Ear:
        """Listen."""
        ...

    def call(self, own: Ear | None) -> None:
        """Call every ear in the folder but one's own; those of dead processes are removed."""
        ...


def ears(folder: Path) -> Ears:
    """Unix datagram sockets where the system has them and the path fits, else UDP on the loopback interface."""
    fits = len(os.fsencode(folder)) + _NAME_LENGTH < _LONGEST_SOCKET_PATH
    return UnixEars(folder) if hasattr(socket, "AF_UNIX") and os.name == "posix" and fits else LoopbackEars(folder)


class _FolderEar:
    def __init__(self, listening: socket.socket, address: Path) -> None:
        self.socket = listening
        self.address = address

    def close(self) -> None:
        self.socket.close()
        self.address.unlink(missing_ok=True)


class UnixEars:
    """The address is the path of the socket itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> _FolderEar:
        """Listen on a new socket in the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        address = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.sock"
        listening = _datagram_socket(socket.AF_UNIX)
        listening.bind(str(address))
        return _FolderEar(listening, address)

    def call(self, own: Ear | None) -> None:
        """Send a datagram to each socket in the folder but one's own."""
        for path in _others(self._folder, ".sock", own):
            _send_to_path(self._caller, path)

    @cached_property
    def _caller(self) -> socket.socket:
        return _kept_by(self, _datagram_socket(socket.AF_UNIX))


class LoopbackEars:
    """The address is a file whose name tells the port and the process; its content is of no use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> _FolderEar:
        """Listen on a free port, and leave its number in the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        listening = _datagram_socket(socket.AF_INET)
        listening.bind((_LOOPBACK, 0))
        address = self._folder / f"{listening.getsockname()[1]}-{os.getpid()}.port"
        address.touch()
        return _FolderEar(listening, address)

    def call(self, own: Ear | None) -> None:
        """Send a datagram to each port in the folder but one's own."""
        for path in _others(self._folder, ".port", own):
            _send_to_port(self._caller, path)

    @cached_property
    def _caller(self) -> socket.socket:
        return _kept_by(self, _datagram_socket(socket.AF_INET))


def _datagram_socket(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)  # noqa: FBT003 - the standard library takes it so
    return made


def _kept_by(owner: object, caller: socket.socket) -> socket.socket:
    """Close a socket with its owner: to make one for each call would take longer than the call."""
    weakref.finalize(owner, caller.close)
    return caller


def _others(folder: Path, suffix: str, own: Ear | None) -> list[Path]:
    """The addresses of all ears in the folder but one's own."""
    name = own.address.name if isinstance(own, _FolderEar) else ""
    with suppress(FileNotFoundError):
        return [folder / each for each in os.listdir(folder) if each.endswith(suffix) and each != name]  # noqa: PTH208 - Path makes an object of each
    return []


def _send_to_path(caller: socket.socket, path: Path) -> None:
    try:
        caller.sendto(_CALL, str(path))
    except ConnectionRefusedError:  # nobody holds the socket any more
        path.unlink(missing_ok=True)
    except OSError:  # its buffer is full of calls already, it went just now, or it is another user's
        return


def _is_alive(pid: str) -> bool:
    try:
        return psutil.pid_exists(int(pid))
    except (ValueError, OverflowError):  # the file is none of ours
        return False


def _send_to_port(caller: socket.socket, path: Path) -> None:
    port, _, pid = path.stem.partition("-")
    if not (port.isdigit() and _is_alive(pid)):
        path.unlink(missing_ok=True)
        return
    with suppress(OSError):  # its buffer is full of calls already
        caller.sendto(_CALL, (_LOOPBACK, int(port)))
