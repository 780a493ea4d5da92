"""Reading OLE compound files (Word, Excel, PowerPoint 97-2003, encrypted Office files): streams and encryption.

Source: [MS-CFB] for the container, [MS-DOC] 2.5.1 (FibBase), [MS-XLS] 2.4.117 (FilePass).
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ENTRY_BYTES = 128
_LAST_REGULAR = 0xFFFFFFFA
_DIRECTORY_LIMIT = 4096  # entries; real documents have dozens
_BEGINNING = 4096  # bytes of a stream in which the marks of encryption stand
_FIB_ENCRYPTED = 0x0100
_BIFF_FILEPASS = 0x002F


class BrokenOle(Exception):
    """The container contradicts itself; it is damaged or cut off."""


@dataclass(frozen=True)
class OleFile:
    """What a compound file holds: the names of its streams and folders, and whether the document is encrypted."""

    names: frozenset[str]
    encrypted: bool


def read(path: Path) -> OleFile:
    """Look into a compound file. Raises BrokenOle."""
    with path.open("rb") as file:
        try:
            return _read(file, path.stat().st_size)
        except (struct.error, IndexError, UnicodeDecodeError, OverflowError) as error:
            raise BrokenOle(str(error)) from error


def _read(file: BinaryIO, size: int) -> OleFile:
    header = file.read(512)
    shift = struct.unpack_from("<H", header, 30)[0]
    if shift not in {9, 12}:
        raise BrokenOle("unknown sector size")
    reader = _Sectors(file, 1 << shift, size, header)
    (first_of_directory,) = struct.unpack_from("<I", header, 48)
    entries = _directory(reader, first_of_directory)
    names = frozenset(entries)
    encrypted = "EncryptedPackage" in names
    if "WordDocument" in entries:
        encrypted |= _doc_encrypted(reader.begin(entries["WordDocument"]))
    for stream in ("Workbook", "Book"):
        if stream in entries:
            encrypted |= _xls_encrypted(reader.begin(entries[stream]))
    encrypted |= "EncryptedSummary" in names
    return OleFile(names, encrypted)


class _Sectors:
    def __init__(self, file: BinaryIO, sector: int, size: int, header: bytes) -> None:
        self._file = file
        self._sector = sector
        self._size = size
        self._fat_sectors = [number for number in struct.unpack_from("<109I", header, 76) if number < _LAST_REGULAR]

    def read(self, number: int) -> bytes:
        offset = (number + 1) * self._sector
        if offset >= self._size:
            raise BrokenOle("it points beyond its end")
        self._file.seek(offset)
        return self._file.read(self._sector)

    def after(self, number: int) -> int:
        """The sector that follows in the same stream."""
        per_sector = self._sector // 4
        table, place = divmod(number, per_sector)
        return struct.unpack_from("<I", self.read(self._fat_sectors[table]), place * 4)[0]

    def begin(self, first: int) -> bytes:
        """The first bytes of a stream (of one in regular sectors, as a document's main stream is)."""
        content = b""
        while first < _LAST_REGULAR and len(content) < _BEGINNING:
            content += self.read(first)
            first = self.after(first) if len(content) < _BEGINNING else _LAST_REGULAR
        return content


def _directory(sectors: _Sectors, number: int) -> dict[str, int]:
    """Names of streams and folders, and the first sector of each."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    while number < _LAST_REGULAR and number not in seen and len(found) < _DIRECTORY_LIMIT:
        seen.add(number)
        content = sectors.read(number)
        for offset in range(0, len(content) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            length = struct.unpack_from("<H", content, offset + 64)[0]
            if 2 <= length <= 64:  # noqa: PLR2004 - the field's own bounds: a name of 1 to 32 units, terminator included
                name = content[offset : offset + length - 2].decode("utf-16-le")
                found[name] = struct.unpack_from("<I", content, offset + 116)[0]
        number = sectors.after(number)
    return found


def _doc_encrypted(beginning: bytes) -> bool:
    return bool(struct.unpack_from("<H", beginning, 10)[0] & _FIB_ENCRYPTED)


def _xls_encrypted(beginning: bytes) -> bool:
    """Whether a FilePass record stands among the first records."""
    offset = 0
    while offset + 4 <= len(beginning):
        kind, length = struct.unpack_from("<HH", beginning, offset)
        if kind == _BIFF_FILEPASS:
            return True
        offset += 4 + length
    return False
