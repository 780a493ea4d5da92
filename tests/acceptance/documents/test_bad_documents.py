"""Documents that can't be converted end as discarded jobs with a reason for people, and leave the worker as it was."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from millhand.core.state import State
from tests import documents
from tests.acceptance.documents.office import Office, warnings_of
from tests.acceptance.documents.website import Website
from tests.hostile.macros import MACROS, RAN
from tests.integration.engines.support import pdf_text
from tests.support import needs_soffice

pytestmark = needs_soffice

_MEMORY = 400 << 20


@dataclass(frozen=True)
class Bad:
    """A document that is bad in one way: its name, how to make it, and what its job is to say."""

    name: str
    make: Callable[[Path], object]
    code: str
    words: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])


def protected(name: str) -> Callable[[Path], object]:
    return lambda path: shutil.copy(documents.PROTECTED / name, path)


def written(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(201 << 20)


def cut_off(path: Path) -> None:
    documents.truncated(documents.docx(path.with_name("whole.docx")), path)


def without_columns(path: Path) -> None:
    """A table by its suffix that is none: only LibreOffice itself can find that out."""
    path.write_bytes(b"\x03" + bytes(31) + b"no table at all" * 9)


BAD = {
    "corrupt": Bad("a.docx", documents.with_broken_xml, "corrupt_document", "word/document.xml"),
    "truncated": Bad("a.docx", cut_off, "truncated_document", "cut off or damaged"),
    "encrypted": Bad("a.docx", protected("encrypted.docx"), "password_needed", "encrypted"),
    "wrong-password": Bad(
        "a.docx", protected("encrypted.docx"), "password_needed", "given password", {"password": "wrong"}
    ),
    "no-such-page": Bad("a.docx", documents.docx, "no_such_page", "1 page, and none", {"page_ranges": "7-9"}),
    "bomb": Bad("a.docx", documents.bomb, "zip_bomb", "zip bomb"),
    "entities": Bad("a.docx", documents.with_doctype, "dangerous_xml", "document type"),
    "wrong-suffix": Bad("a.xlsx", documents.docx, "wrong_suffix", "Word document"),
    "empty": Bad("a.docx", written(b""), "empty_document", "empty"),
    "too-large": Bad("a.docx", sparse, "too_large", "200"),
    "picture": Bad("a.docx", documents.picture, "unsupported_document", "PNG"),
    "pdf": Bad("a.pdf", written(b"%PDF-1.7\n%%EOF"), "unsupported_document", "PDF already"),
    "unreadable": Bad("a.dbf", without_columns, "document_unreadable", "damaged or not supported"),
    "missing": Bad("a.docx", lambda _: None, "blob_missing", "a.docx"),
}


@pytest.fixture(autouse=True)
def _unharmed(office: Office) -> Iterator[None]:
    """After each test the same executor converts, by the warm engine, and nothing was left lying about."""
    before = office.executors()
    yield
    after = office.convert_a_good_one()
    assert (after.row.state, after.result["engine"]) == (State.COMPLETED, "libreofficekit")
    assert after.result["seconds"] < 10
    assert office.executors() == before
    assert office.leftovers() == []
    assert office.memory_of_executors() < _MEMORY


@pytest.fixture
def place(office: Office, request: pytest.FixtureRequest) -> Path:
    """A folder of the test's own that jobs may use."""
    folder = office.files / request.node.name.replace("[", "-").rstrip("]")
    folder.mkdir()
    return folder


@pytest.mark.parametrize("bad", list(BAD.values()), ids=list(BAD))
def test_is_discarded_with_a_reason(office: Office, place: Path, bad: Bad) -> None:
    bad.make(place / bad.name)
    detail = office.convert(place / bad.name, **bad.options)
    assert detail.row.state is State.DISCARDED
    assert detail.failure is not None
    assert detail.failure.code == bad.code
    assert bad.words in detail.failure.message
    assert detail.failure.hint
    assert len(detail.attempts) == 1
    assert not list(place.glob("*.pdf")) or bad.name == "a.pdf"


def test_a_path_outside_the_folders_of_jobs(office: Office) -> None:
    for source, target in (("file:///etc/hostname", ""), ("", "file:///etc/millhand.pdf")):
        detail = office.convert(source or office.files / "good.docx", target)
        assert detail.row.state is State.DISCARDED
        assert detail.failure is not None
        assert detail.failure.code == "blob_not_allowed"
        assert "blob_roots" in detail.failure.hint
    assert not Path("/etc/millhand.pdf").exists()


@pytest.mark.parametrize("kind", list(MACROS))
def test_macros_are_told_of_and_never_run(office: Office, place: Path, kind: str) -> None:
    source = MACROS[kind](place)
    detail = office.convert(source)
    assert detail.row.state is State.COMPLETED
    assert "The document has macros; they were not run." in detail.result["notices"]
    assert "The document has macros; they were not run." in warnings_of(detail)
    assert RAN not in pdf_text(source.with_suffix(".pdf"))


def test_links_are_told_of_and_never_fetched(office: Office, place: Path, website: Website) -> None:
    links = {"rId9": f"{website.address}/word.png"}
    word = documents.docx(place / "a.docx", documents.linked_picture(), links=links)
    page = place / "b.html"
    page.write_text(f'<html><body><p>Words</p><img src="{website.address}/page.png"></body></html>')
    for source in (word, page):
        detail = office.convert(source)
        assert detail.row.state is State.COMPLETED
        assert any("links to 1 outside source" in notice for notice in detail.result["notices"])
    assert website.seen == []
