"""The sectors of OLE compound files: which of them make up a stream. Source: [MS-CFB] 2.2 to 2.5.

Short streams (below a size that the file names, usually 4096 bytes) share one stream of small sectors.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_HEADER = 512
_LAST_REGULAR = 0xFFFFFFFA
_FREE = 0xFFFFFFFF
_IN_HEADER = 109  # table sectors that the header itself names
_SMALL = 64  # bytes of a small sector
_SMALL_LIMIT = 8 << 20  # bytes of the stream of small sectors that are looked at
_NUMBER = 4


class BrokenOle(Exception):
    """The container contradicts itself; it is damaged or cut off."""


@dataclass(frozen=True)
class Stream:
    """Where a stream begins, and how long it is."""

    first: int
    size: int


def open_sectors(file: BinaryIO, size: int) -> "Sectors":
    """Read the header. Raises BrokenOle, also if the table knows sectors beyond the end of the file."""
    header = file.read(_HEADER)
    (shift,) = struct.unpack_from("<H", header, 30)
    if shift not in {9, 12}:
        raise BrokenOle("unknown sector size")
    sectors = Sectors(file, 1 << shift, size, header)
    sectors.require_end()
    return sectors


class Sectors:
    """The sectors of one file."""

    def __init__(self, file: BinaryIO, sector: int, size: int, header: bytes) -> None:
        self._file = file
        self._sector = sector
        self._size = size
        (self._first_of_directory,) = struct.unpack_from("<I", header, 48)
        self._cutoff, self._first_of_small_table = struct.unpack_from("<2I", header, 56)
        (next_of_list,) = struct.unpack_from("<I", header, 68)
        self._tables = [*_regular(struct.unpack_from(f"<{_IN_HEADER}I", header, 76)), *self._listed(next_of_list)]

    def require_end(self) -> None:
        """Raises BrokenOle if the last sector in use is not there."""
        for number in reversed(range(len(self._tables))):
            content = self._read(self._tables[number])
            used = [place for place, after in enumerate(_numbers(content)) if after != _FREE]
            if used:
                self._require(number * len(content) // _NUMBER + used[-1])
                return

    def directory(self, limit: int) -> bytes:
        """The first bytes of the directory."""
        return self._chain(self._first_of_directory, limit)

    def begin(self, stream: Stream, root: Stream, limit: int) -> bytes:
        """The first bytes of a stream; `root` is that of the root entry, which holds the small sectors."""
        if stream.size >= self._cutoff:
            return self._chain(stream.first, limit)
        wanted = min(limit, stream.size)
        table = _numbers(self._chain(self._first_of_small_table, _SMALL_LIMIT * _NUMBER // _SMALL))
        small = self._chain(root.first, min(root.size, _SMALL_LIMIT))
        content, number = b"", stream.first
        while number < _LAST_REGULAR and len(content) < wanted:
            content += small[number * _SMALL : (number + 1) * _SMALL]
            number = table[number]
        return content[:wanted]

    def _chain(self, number: int, limit: int) -> bytes:
        content = bytearray()
        while number < _LAST_REGULAR and len(content) < limit:
            content += self._read(number)
            number = self._after(number)
        return bytes(content[:limit])

    def _after(self, number: int) -> int:
        """The sector that follows in the same stream."""
        table, place = divmod(number, self._sector // _NUMBER)
        return _numbers(self._read(self._tables[table]))[place]

    def _listed(self, number: int) -> Iterator[int]:
        """Table sectors that further sectors name, each of which ends with the number of the next."""
        most = self._size // self._sector
        while number < _LAST_REGULAR and most > 0:
            *names, number = _numbers(self._read(number))
            yield from _regular(names)
            most -= 1

    def _read(self, number: int) -> bytes:
        self._require(number)
        self._file.seek((number + 1) * self._sector)
        return self._file.read(self._sector)

    def _require(self, number: int) -> None:
        if (number + 1) * self._sector >= self._size:
            raise BrokenOle("a part of it is missing at its end")


def _numbers(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // _NUMBER}I", content[: len(content) // _NUMBER * _NUMBER])


def _regular(numbers: "tuple[int, ...] | list[int]") -> list[int]:
    return [number for number in numbers if number < _LAST_REGULAR]
