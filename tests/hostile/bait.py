"""What hostile documents are after: an address, and a file of which the kernel tells who opens it."""

import ctypes
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

SECRET = "TOPSECRET"

_IN_ACCESS = 0x1
_IN_OPEN = 0x20
_IN_NONBLOCK = 0o4000
_EVENT = struct.Struct("iIII")


@dataclass(frozen=True)
class Bait:
    """An address and a file; `file` is its URL, `path` where it is."""

    address: str
    path: Path

    @property
    def file(self) -> str:
        return self.path.as_uri()

    @property
    def targets(self) -> tuple[str, str]:
        return (f"{self.address}/bait.png", self.file)


@dataclass
class Watched:
    """A file of which every opening is noted by the kernel (inotify(7))."""

    path: Path
    _descriptor: int = field(init=False)

    def __post_init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(_IN_NONBLOCK)
        if libc.inotify_add_watch(self._descriptor, os.fsencode(self.path), _IN_OPEN | _IN_ACCESS) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch")

    def touched(self) -> bool:
        """Whether somebody has opened or read it since the last question."""
        try:
            return len(os.read(self._descriptor, 4096)) >= _EVENT.size
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._descriptor)
