"""Text in old encodings reaches LibreOffice as UTF-8."""

from pathlib import Path

import pytest

from millhand.handlers.documents.text import as_utf8


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_other_encodings_are_rewritten(tmp_path: Path, encoding: str) -> None:
    source = tmp_path / "old.txt"
    source.write_bytes("Grüße\r\nCafé\n".encode(encoding))
    rewritten = as_utf8(source, tmp_path / "new.txt")
    assert rewritten.read_bytes() == "Grüße\r\nCafé\n".encode()


def test_utf8_stays_where_it_is(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes("žluťoučký 日本語".encode())
    assert as_utf8(source, tmp_path / "new.txt") is source
