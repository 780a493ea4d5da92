"""The corpus of the document bench: what is taken out of archives, and what is chosen."""

import io
import tarfile
import zipfile
from pathlib import Path

from bench.documents.manifest import MANIFEST, Entry, chosen, read, write
from bench.documents.sources import LIMITS
from bench.documents.unpack import documents_in

FILES = {"a/letter.DOCX": b"letter", "a/notes.txt": b"notes", "b/empty.rtf": b"", "b/sheet.xls": b"sheet"}


def entry(sha256: str, suffix: str = ".docx", source: str = "pypi:one") -> Entry:
    return Entry(sha256, 1, suffix, source, f"{sha256}{suffix}")


def test_documents_are_found_in_a_tar_archive(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "source.tar.gz", "w:gz") as archive:
        for name, content in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))

    found = list(documents_in(tmp_path / "source.tar.gz"))

    assert [(one.name, one.suffix, one.content) for one in found] == [
        ("a/letter.DOCX", ".docx", b"letter"),
        ("b/sheet.xls", ".xls", b"sheet"),
    ]


def test_documents_are_found_in_a_zip_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "source.zip", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)

    assert [one.name for one in documents_in(tmp_path / "source.zip")] == ["a/letter.DOCX", "b/sheet.xls"]


def test_the_same_content_is_chosen_once() -> None:
    assert len(chosen([entry("aa", source="pypi:one"), entry("aa", source="npm:two")])) == 1


def test_the_choice_does_not_depend_on_the_order() -> None:
    entries = [entry("bb"), entry("aa"), entry("aa", source="npm:two"), entry("cc", ".odt")]

    assert chosen(entries) == chosen(entries[::-1])


def test_of_each_type_no_more_than_its_limit_are_chosen() -> None:
    many = [entry(f"{number:064x}", ".ppt") for number in range(LIMITS[".ppt"] + 5)]

    assert len(chosen([*many, entry("aa", ".exe")])) == LIMITS[".ppt"]


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    entries = [entry("aa"), Entry("bb", 7, ".odt", "debian:pandoc", "a name, with a comma.odt")]

    write(tmp_path / "manifest.tsv", entries)

    assert read(tmp_path / "manifest.tsv") == entries
    assert read(tmp_path / "none.tsv") == []


def test_the_manifest_has_enough_distinct_documents_of_many_types() -> None:
    entries = read(MANIFEST)

    assert len({one.sha256 for one in entries}) == len(entries) >= 500
    assert len({one.suffix for one in entries}) >= 10
    assert chosen(entries) == entries
