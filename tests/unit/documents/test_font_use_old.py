"""The fonts that RTF files use, and those that old Office files name."""

import struct
from pathlib import Path

import pytest

from millhand.handlers.documents.font_report import asked_for
from millhand.handlers.documents.font_slots import Asked
from millhand.handlers.documents.formats import BY_NAME
from tests.compound import compound

_TABLE = (
    r"{\fonttbl{\f0\froman\fcharset0{\*\panose 02020603050405020304}Georgia{\*\falt Times};}"
    r"{\f1 Verdana;}{\f2 MS Mincho;}{\f3\fswiss Never Used;}{\f4 David;}}"
)


def rtf(folder: Path, body: str) -> Asked:
    path = folder / "a.rtf"
    path.write_text(rf"{{\rtf1\ansi\deff0{_TABLE}{{\stylesheet{{\s1\f3 Heading;}}}}{{\info{{\title\f3 T}}}}{body}}}")
    return asked_for(path, BY_NAME["rtf"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", set()),
        ("words", {"Georgia"}),
        (r"\f1 words", {"Verdana"}),
        (r"{\f1 words}{\f3   }", {"Verdana"}),
        (r"{\f1 }words", {"Georgia"}),
        (r"\f1 one \plain two", {"Verdana", "Georgia"}),
        (r"{\field{\*\fldinst{\f3 PAGE}}{\fldrslt{\f1 7}}}", {"Verdana"}),
        (r"\loch\f1\hich\f1\dbch\f2 words", {"Verdana"}),
        (r"\loch\f1\hich\f1\dbch\f2 \u26085?", {"MS Mincho", "Verdana"}),
        (r"{\pict\f3 ffffff}{\*\generator \f3 X;}\f1 words", {"Verdana"}),
        (r"\f1\'fc", {"Verdana"}),
        (r"\f9 words", set()),
        ("}}}words", {"Georgia"}),
    ],
)
def test_the_fonts_of_an_rtf_files_text(tmp_path: Path, body: str, expected: set[str]) -> None:
    assert rtf(tmp_path, body) == Asked(sure=frozenset(expected))


def wide(text: str, size: int = 0) -> bytes:
    return (text.encode("utf-16-le") + b"\0\0").ljust(size, b"\0")


def test_the_fonts_that_an_old_word_document_names(tmp_path: Path) -> None:
    entries = b"".join(bytes([39 + len(wide(name))]) + bytes(39) + wide(name) for name in ("Georgia", "Bärenfont"))
    table = struct.pack("<2H", 2, 0) + entries
    main = struct.pack("<H8xH", 0xA5EC, 0x0200).ljust(0x112, b"\0") + struct.pack("<2I", 8, len(table))
    path = compound(tmp_path / "a.doc", {"WordDocument": main.ljust(5_000, b"\0"), "1Table": bytes(8) + table})
    assert asked_for(path, BY_NAME["doc"]) == Asked(maybe=frozenset({"Georgia", "Bärenfont"}))


def test_the_fonts_that_an_old_workbook_names(tmp_path: Path) -> None:
    def font(name: bytes, *, flag: int, characters: int) -> bytes:
        record = bytes(14) + bytes([characters, flag]) + name
        return struct.pack("<2H", 0x0031, len(record)) + record

    fonts = font(b"Verdana", flag=0, characters=7) + font("宋体".encode("utf-16-le"), flag=1, characters=2)
    later = struct.pack("<2H", 0x000A, 0) + font(b"Of a chart", flag=0, characters=10)
    path = compound(tmp_path / "a.xls", {"Workbook": struct.pack("<2H16x", 0x0809, 16) + fonts + later})
    assert asked_for(path, BY_NAME["xls"]).maybe == {"Verdana", "宋体"}


def test_the_fonts_that_a_workbook_of_1995_names(tmp_path: Path) -> None:
    record = bytes(14) + b"\7Verdana"
    path = compound(tmp_path / "a.xls", {"Book": struct.pack("<2H", 0x0031, len(record)) + record})
    assert asked_for(path, BY_NAME["xls"]).maybe == {"Verdana"}


def test_the_fonts_that_an_old_presentation_names(tmp_path: Path) -> None:
    atom = struct.pack("<HHI", 0x10, 0x0FB7, 68) + wide("Tahoma", 64) + bytes(4)
    path = compound(tmp_path / "a.ppt", {"PowerPoint Document": b"\1" * 50 + atom})
    assert asked_for(path, BY_NAME["ppt"]).maybe == {"Tahoma"}


@pytest.mark.parametrize("name", ["doc", "xls", "ppt"])
def test_a_file_without_sense_names_none(tmp_path: Path, name: str) -> None:
    assert asked_for(compound(tmp_path / "a", {"Other": b"x"}), BY_NAME[name]) == Asked()
    path = compound(tmp_path / "b", {"WordDocument": b"\xff" * 500, "1Table": b"\xff" * 9, "0Table": b"\xff" * 9})
    assert asked_for(path, BY_NAME[name]) == Asked()
