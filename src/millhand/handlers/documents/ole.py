"""Reading OLE compound files (Word, Excel, PowerPoint 97-2003, encrypted Office files): streams and encryption.

Source: [MS-CFB] for the container, [MS-DOC] 2.5.1 (FibBase), [MS-XLS] 2.4.117 (FilePass).
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from millhand.handlers.documents.ole_sectors import BrokenOle, Sectors, Stream, open_sectors

T = TypeVar("T")

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ENTRY = 128
_DIRECTORY_LIMIT = 4096  # entries; real documents have dozens
_BEGINNING = 4096  # bytes of a stream in which the marks of encryption stand
_NOBODY = 0xFFFFFFFF
_FIB_ENCRYPTED = 0x0100
_BIFF_FILEPASS = 0x002F


@dataclass(frozen=True)
class OleFile:
    """What a compound file holds: its streams and folders at the top, all of them, and whether it is encrypted.

    Names at the `top` are in lower case: programs that look for a stream don't mind its case.
    """

    top: frozenset[str]
    names: frozenset[str]
    encrypted: bool


@dataclass(frozen=True)
class _Entry:
    name: str
    left: int
    right: int
    child: int
    stream: Stream


def read(path: Path) -> OleFile:
    """Look into a compound file. Raises BrokenOle."""
    return _looked_into(path, _facts)


def contents(path: Path, names: Iterable[str], limit: int) -> dict[str, bytes]:
    """The first bytes of streams at the top, by their names in lower case; empty where there is none of that name.

    Raises BrokenOle.
    """

    def look(sectors: Sectors, entries: Mapping[int, _Entry]) -> dict[str, bytes]:
        root, top = _top(entries)
        return {name: sectors.begin(top[name], root, limit) if name in top else b"" for name in names}

    return _looked_into(path, look)


def _looked_into(path: Path, look: Callable[[Sectors, Mapping[int, _Entry]], T]) -> T:
    with path.open("rb") as file:
        try:
            sectors = open_sectors(file, path.stat().st_size)
            entries = _directory(sectors)
            if not entries:
                raise BrokenOle("it has no directory")
            return look(sectors, entries)
        except (struct.error, IndexError, UnicodeDecodeError, OverflowError) as error:
            raise BrokenOle("its tables make no sense") from error


def _top(entries: Mapping[int, _Entry]) -> tuple[Stream, dict[str, Stream]]:
    """The root's own stream, and the streams directly below it by their names in lower case."""
    root = entries[min(entries)]
    return root.stream, {entry.name.lower(): entry.stream for entry in _below(entries, root)}


def _facts(sectors: Sectors, entries: Mapping[int, _Entry]) -> OleFile:
    root, top = _top(entries)

    def beginning(name: str) -> bytes:
        return sectors.begin(top[name], root, _BEGINNING) if name in top else b""

    encrypted = (
        not {"encryptedpackage", "encryptedsummary"}.isdisjoint(top)
        or _doc_encrypted(beginning("worddocument"))
        or any(_xls_encrypted(beginning(name)) for name in ("workbook", "book"))
    )
    return OleFile(frozenset(top), frozenset(entry.name for entry in entries.values()), encrypted)


def _directory(sectors: Sectors) -> dict[int, _Entry]:
    """The entries by their numbers, the root first."""
    content = sectors.directory(_DIRECTORY_LIMIT * _ENTRY)
    return {
        number: entry
        for number in range(len(content) // _ENTRY)
        if (entry := _entry(content[number * _ENTRY : (number + 1) * _ENTRY])) is not None
    }


def _entry(content: bytes) -> _Entry | None:
    (length,) = struct.unpack_from("<H", content, 64)
    if not 2 <= length <= 64:  # noqa: PLR2004 - the field's own bounds: a name of 1 to 32 units, terminator included
        return None
    left, right, child = struct.unpack_from("<3I", content, 68)
    first, size = struct.unpack_from("<2I", content, 116)
    # The summary's streams begin with a control character.
    return _Entry(content[: length - 2].decode("utf-16-le").lstrip("\x05"), left, right, child, Stream(first, size))


def _below(entries: Mapping[int, _Entry], folder: _Entry) -> Iterator[_Entry]:
    """What is directly in a folder: the nodes of its tree of names. What is in embedded documents is deeper."""
    waiting, seen = [folder.child], set[int]()
    while waiting:
        number = waiting.pop()
        entry = entries.get(number)
        if number in seen or number == _NOBODY or entry is None:
            continue
        seen.add(number)
        waiting += [entry.left, entry.right]
        yield entry


def _doc_encrypted(beginning: bytes) -> bool:
    return bool(beginning) and bool(struct.unpack_from("<H", beginning, 10)[0] & _FIB_ENCRYPTED)


def _xls_encrypted(beginning: bytes) -> bool:
    """Whether a FilePass record stands among the first records."""
    offset = 0
    while offset + 4 <= len(beginning):
        kind, length = struct.unpack_from("<HH", beginning, offset)
        if kind == _BIFF_FILEPASS:
            return True
        offset += 4 + length
    return False
