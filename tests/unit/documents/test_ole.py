"""Old Office files: which document a compound file holds, whether it is encrypted, and whether it is whole."""

import struct
from pathlib import Path

import pytest

from millhand.handlers.documents import ole
from millhand.handlers.documents.errors import BadDocument
from millhand.handlers.documents.preflight import Inspection, inspect
from tests.compound import compound

_OPEN, _LOCKED = 0, 0x0100
_BEGIN = struct.pack("<HH16x", 0x0809, 16)
_PASSWORD = struct.pack("<HH4x", 0x002F, 4)


def word(flags: int = _OPEN, size: int = 5_000) -> bytes:
    """The beginning of a Word document's main stream, as far as it matters here."""
    return struct.pack("<H8xH", 0xA5EC, flags).ljust(size, b"\1")


def looked_at(path: Path) -> Inspection:
    return inspect(path, path.name)


@pytest.mark.parametrize("size", [3_000, 5_000, 100_000])
@pytest.mark.parametrize("flags", [_OPEN, _LOCKED])
def test_encryption_is_told_of_short_and_long_documents(tmp_path: Path, size: int, flags: int) -> None:
    streams = {"1Table": b"\2" * 700, "WordDocument": word(flags, size), "Data": b"\3" * 9_000}
    found = looked_at(compound(tmp_path / "a.doc", streams))
    assert found.format is not None
    assert (found.format.name, found.encrypted) == ("doc", flags == _LOCKED)


@pytest.mark.parametrize("name", ["Workbook", "WORKBOOK", "Book", "BOOK"])
@pytest.mark.parametrize("lock", [b"", _PASSWORD])
def test_workbooks_whatever_the_case_of_their_stream(tmp_path: Path, name: str, lock: bytes) -> None:
    found = looked_at(compound(tmp_path / "a.xls", {name: _BEGIN + lock + bytes(5_000)}))
    assert found.format is not None
    assert (found.format.name, found.encrypted, found.maybe_open) == ("xls", bool(lock), bool(lock))


def test_what_a_document_embeds_does_not_make_it_another(tmp_path: Path) -> None:
    book = compound(
        tmp_path / "a.xls",
        {"Workbook": _BEGIN + bytes(5_000)},
        folder="MBD0001",
        inside={"WordDocument": word(_LOCKED)},
    )
    found = looked_at(book)
    assert found.format is not None
    assert (found.format.name, found.encrypted) == ("xls", False)


def test_macros_in_a_folder_are_seen(tmp_path: Path) -> None:
    path = compound(tmp_path / "a.doc", {"WordDocument": word()}, folder="Macros", inside={"dir": b"x"})
    assert looked_at(path).macros


def test_a_document_whose_table_needs_a_list_of_its_own(tmp_path: Path) -> None:
    path = compound(tmp_path / "a.doc", {"Data": bytes(8 << 20), "WordDocument": word()})
    found = looked_at(path)
    assert found.format is not None
    assert (found.format.name, found.encrypted) == ("doc", False)


@pytest.mark.parametrize("missing", [0.001, 0.1, 0.5, 0.9])
def test_a_document_that_is_cut_off_anywhere(tmp_path: Path, missing: float) -> None:
    path = compound(tmp_path / "a.doc", {"WordDocument": word(), "Data": bytes(600_000)})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * (1 - missing))])
    with pytest.raises(BadDocument) as caught:
        looked_at(path)
    assert caught.value.code == "truncated_document"


def test_chains_that_go_in_circles_end(tmp_path: Path) -> None:
    path = compound(tmp_path / "a.doc", {"WordDocument": word(), "Data": bytes(9_000)})
    content = bytearray(path.read_bytes())
    sectors = len(content) // 512 - 2
    struct.pack_into("<I", content, 512 + sectors * 512, 0)  # the first sector is followed by itself
    struct.pack_into("<3I", content, 512 + (sectors - 1) * 512 + 128 + 68, 1, 1, 1)  # so is the first name
    path.write_bytes(content)
    assert ole.read(path).top == {"worddocument"}


def test_nonsense_is_told_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.doc"
    path.write_bytes(ole.MAGIC + b"\x07" * 3_000)
    with pytest.raises(BadDocument) as caught:
        looked_at(path)
    assert caught.value.code == "truncated_document"
