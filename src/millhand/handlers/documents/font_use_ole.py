"""The fonts that old Office files name. Which of them text uses, only the program that draws it knows: all are `maybe`.

Source: [MS-DOC] 2.9.285 (SttbfFfn) and 2.5.2 (FibRgFcLcb97), [MS-XLS] 2.4.122 (Font), [MS-PPT] 2.9.9 (FontEntityAtom).
"""

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from millhand.handlers.documents import ole
from millhand.handlers.documents.font_slots import Asked

_BYTES = 8 << 20  # of a stream that are looked at
_WHICH_TABLE = 0x0200
_FONTS_OF_WORD = 0x112  # where the FIB says where the font table is
_FAMILY = 40  # bytes of an entry of that table before the name
_BIFF_FONT = 0x0031
_BIFF_END = 0x000A
_FONT_ENTITY = re.compile(rb"\xb7\x0f\x44\x00\x00\x00(.{64})", re.DOTALL)


def asked_by_ole(path: Path, family: str) -> Asked:
    """The families that a Word, Excel or PowerPoint 97-2003 file names; `family` is the application's."""
    streams, read = _READERS[family]
    try:
        found = frozenset(read(ole.contents(path, streams, _BYTES)))
    except (ole.BrokenOle, OSError, struct.error, IndexError):
        return Asked()
    return Asked(maybe=found)


def _of_word(streams: Mapping[str, bytes]) -> Iterator[str]:
    main = streams["worddocument"]
    flags = struct.unpack_from("<H", main, 10)[0]
    table = streams["1table" if flags & _WHICH_TABLE else "0table"]
    start, length = struct.unpack_from("<2I", main, _FONTS_OF_WORD)
    (count,) = struct.unpack_from("<H", table, start)
    place = start + 4
    for _ in range(count):
        entry = table[place + 1 : place + 1 + table[place]]
        yield entry[_FAMILY - 1 :].decode("utf-16-le", "ignore").split("\0")[0]
        place += 1 + len(entry)
        if place >= start + length:
            return


def _of_excel(streams: Mapping[str, bytes]) -> Iterator[str]:
    content = next((content for content in (streams["workbook"], streams["book"]) if content), b"")
    wide = bool(streams["workbook"])
    place = 0
    while place + 4 <= len(content):
        kind, length = struct.unpack_from("<2H", content, place)
        record = content[place + 4 : place + 4 + length]
        if kind == _BIFF_FONT:
            yield _excel_name(record, wide=wide)
        if kind == _BIFF_END:  # of what concerns the whole workbook
            return
        place += 4 + length


def _excel_name(record: bytes, *, wide: bool) -> str:
    characters = record[14]
    if not wide:
        return record[15 : 15 + characters].decode("cp1252", "ignore")
    if record[15] & 1:
        return record[16 : 16 + 2 * characters].decode("utf-16-le", "ignore")
    return record[16 : 16 + characters].decode("latin-1")


def _of_powerpoint(streams: Mapping[str, bytes]) -> Iterator[str]:
    for found in _FONT_ENTITY.finditer(streams["powerpoint document"]):
        yield found[1].decode("utf-16-le", "ignore").split("\0")[0]


_READERS: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, bytes]], Iterator[str]]]] = {
    "writer": (("worddocument", "0table", "1table"), _of_word),
    "calc": (("workbook", "book"), _of_excel),
    "impress": (("powerpoint document",), _of_powerpoint),
}
