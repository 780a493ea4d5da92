"""Makes OLE compound files out of streams; the directory stands last, so that the whole table counts.

Source: [MS-CFB].
"""

import struct
from collections.abc import Mapping
from pathlib import Path

_SECTOR, _SMALL, _CUTOFF = 512, 64, 4096
_END, _FREE, _TABLE, _LIST = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC
_PER_TABLE, _IN_HEADER = _SECTOR // 4, 109


def compound(
    path: Path, streams: Mapping[str, bytes], folder: str = "", inside: Mapping[str, bytes] | None = None
) -> Path:
    """Write a compound file with streams at its top, and more of them `inside` a folder."""
    path.write_bytes(content_of(streams, folder, inside))
    return path


def content_of(streams: Mapping[str, bytes], folder: str = "", inside: Mapping[str, bytes] | None = None) -> bytes:
    """What such a file holds."""
    made = _Maker()
    top = [(name, made.stream(content)) for name, content in streams.items()]
    deeper = [(name, made.stream(content)) for name, content in (inside or {}).items()]
    return made.file(top, folder, deeper)


class _Maker:
    def __init__(self) -> None:
        self._content = bytearray()
        self._after: list[int] = []
        self._small = bytearray()
        self._small_after: list[int] = []

    def stream(self, content: bytes) -> tuple[int, int]:
        """Where it begins, and its length."""
        if len(content) >= _CUTOFF:
            return self._chain(content), len(content)
        first = len(self._small) // _SMALL
        count = -(-len(content) // _SMALL)
        self._small += content.ljust(count * _SMALL, b"\0")
        self._small_after += [*range(first + 1, first + count), _END]
        return first, len(content)

    def file(
        self, top: list[tuple[str, tuple[int, int]]], folder: str, deeper: list[tuple[str, tuple[int, int]]]
    ) -> bytes:
        small = (self._chain(bytes(self._small)), len(self._small)) if self._small else (_END, 0)
        small_table = self._chain(_packed(self._small_after)) if self._small else _END
        directory = self._chain(_directory(top, folder, deeper, small))
        return self._with_tables(small_table, directory)

    def _chain(self, content: bytes) -> int:
        first = len(self._after)
        count = -(-len(content) // _SECTOR)
        self._content += content.ljust(count * _SECTOR, b"\0")
        self._after += [*range(first + 1, first + count), _END]
        return first

    def _with_tables(self, small_table: int, directory: int) -> bytes:
        used, tables, lists = len(self._after), 1, 0
        while tables * _PER_TABLE < used + tables + lists:
            tables += 1
            lists = max(0, -(-(tables - _IN_HEADER) // (_PER_TABLE - 1)))
        numbers = list(range(used, used + tables))
        table = [*self._after, *[_TABLE] * tables, *[_LIST] * lists]
        table += [_FREE] * (tables * _PER_TABLE - len(table))
        more, first_list = b"", used + tables if lists else _END
        for index in range(lists):
            named = numbers[_IN_HEADER + index * (_PER_TABLE - 1) :][: _PER_TABLE - 1]
            after = used + tables + index + 1 if index + 1 < lists else _END
            more += _packed([*named, *[_FREE] * (_PER_TABLE - 1 - len(named)), after])
        named = [*numbers[:_IN_HEADER], *[_FREE] * (_IN_HEADER - tables)]
        header = struct.pack(
            f"<8s16s5H6x{9 + _IN_HEADER}I",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
            0, tables, directory, 0, _CUTOFF, small_table, 1, first_list, lists, *named,
        )  # fmt: skip
        return header + bytes(self._content) + _packed(table) + more


def _directory(
    top: list[tuple[str, tuple[int, int]]],
    folder: str,
    deeper: list[tuple[str, tuple[int, int]]],
    small: tuple[int, int],
) -> bytes:
    """The root, what is at the top, the folder, what is in it; each level a list of right neighbours."""
    here = [*[(name, 2, where) for name, where in top], *([(folder, 1, (_END, 0))] if folder else [])]
    below = len(here) + 1
    entries = [_entry("Root Entry", 5, small, child=1 if here else _FREE)]
    for number, (name, kind, where) in enumerate(here, start=1):
        right = number + 1 if number < len(here) else _FREE
        entries.append(_entry(name, kind, where, right=right, child=below if kind == 1 else _FREE))
    for number, (name, where) in enumerate(deeper, start=below):
        entries.append(_entry(name, 2, where, right=number + 1 if number + 1 < below + len(deeper) else _FREE))
    return b"".join(entries)


def _entry(name: str, kind: int, where: tuple[int, int], right: int = _FREE, child: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBB3I36xIQ", text, len(text), kind, 1, _FREE, right, child, *where)


def _packed(numbers: list[int]) -> bytes:
    content = struct.pack(f"<{len(numbers)}I", *numbers)
    return content.ljust(-(-len(content) // _SECTOR) * _SECTOR, b"\xff")
