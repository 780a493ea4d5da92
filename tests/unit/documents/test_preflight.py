"""Preflight: what a document is, by its content, and every reason for which none reaches an engine."""

import zipfile
from pathlib import Path

import pytest

from millhand.handlers.documents.errors import BadDocument
from millhand.handlers.documents.limits import PreflightLimits
from millhand.handlers.documents.preflight import inspect
from tests import documents
from tests.hostile.opendocument import package
from tests.hostile.packages import overlapping


def refused(path: Path, name: str | None = None, limits: PreflightLimits | None = None) -> BadDocument:
    with pytest.raises(BadDocument) as caught:
        inspect(path, name or path.name, limits)
    assert caught.value.message.endswith(".")
    return caught.value


def test_a_word_document_is_known_by_its_content(tmp_path: Path) -> None:
    found = inspect(documents.docx(tmp_path / "a.docx"), "a.docx")
    assert found.format is not None
    assert (found.format.name, found.format.family, found.suffix) == ("docx", "writer", ".docx")
    assert (found.encrypted, found.macros, found.external_links, found.notices) == (False, False, (), ())


def test_a_file_without_a_suffix_is_known_too(tmp_path: Path) -> None:
    assert inspect(documents.docx(tmp_path / "upload"), "upload").suffix == ".docx"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.rtf", b"{\\rtf1 hello}", "rtf"),
        ("a.html", b"<!DOCTYPE html><html></html>", "html"),
        ("a.htm", b"\xef\xbb\xbf<html></html>", "html"),
        ("a.txt", "Grüße".encode(), "txt"),
        ("a.txt", "Grüße".encode("cp1252"), "txt"),
        ("a.txt", "Grüße".encode("utf-16"), "txt"),
        ("a.csv", b"a,b\n1,2\n", "csv"),
        ("a.tsv", b"a\tb\n", "tsv"),
        ("a.doc", b"{\\rtf1 hello}", "rtf"),
        ("a.xls", b"<html><table></table></html>", "html"),
        ("a.wpd", b"\xffWPC\x00\x01", "wpd"),
        ("a.doc", b"\xdb\xa5\x2d\x00\x31\x40", "winword2"),
        ("a.doc", b"\xfe\x37\x00\x23\x00\x00", "macword"),
        ("a.602", b"@CT 1\n@LM 1\nhello", "602"),
        ("a.gnumeric", b"\x1f\x8b\x08\x00", "gnumeric"),
        ("a.gnumeric", b'<?xml version="1.0"?><gnm:Workbook xmlns:gnm="x"/>', "gnumeric"),
        ("a.fb2", b'<?xml version="1.0"?><FictionBook/>', "fb2"),
        ("a.uop", b'<?xml version="1.0"?><uof:UOF uof:mimetype="vnd.uof.presentation"/>', "uop"),
        ("a.uof", b'<?xml version="1.0"?><uof:UOF uof:mimetype="vnd.uof.text"/>', "uot"),
        ("a.dbf", b"\x03\x5f\x07\x1a\x00\x00", "dbf"),
        ("a.xml", b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w/>', "wordml"),
        (
            "a.fods",
            b'<?xml version="1.0"?><office:document office:mimetype="application/vnd.oasis.opendocument.spreadsheet"/>',
            "fods",
        ),
    ],
)
def test_formats_without_a_container(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    found = inspect(path, name).format
    assert found is not None
    assert found.name == expected


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.touch()
    assert refused(path).code == "empty_document"


def test_a_file_of_200_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    error = refused(path)
    assert error.code == "too_large"
    assert "200 MB" in error.message


def test_a_truncated_package_is_refused(tmp_path: Path) -> None:
    whole = documents.docx(tmp_path / "whole.docx")
    assert refused(documents.truncated(whole, tmp_path / "a.docx")).code == "truncated_document"


@pytest.mark.parametrize("keep", [0.01, 0.3])
def test_a_truncated_old_word_document_is_refused(tmp_path: Path, keep: float) -> None:
    whole = documents.PROTECTED / "encrypted.doc"
    assert refused(documents.truncated(whole, tmp_path / "a.doc", keep)).code == "truncated_document"


def test_a_truncated_rtf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(b"{\\rtf1 hello {\\b world")
    assert refused(path).code == "truncated_document"


def test_broken_xml_is_refused(tmp_path: Path) -> None:
    error = refused(documents.with_broken_xml(tmp_path / "a.docx"))
    assert error.code == "corrupt_document"
    assert "word/document.xml" in error.message


def test_damage_outside_the_main_part_is_only_noticed(tmp_path: Path) -> None:
    path = documents.docx(tmp_path / "a.docx", parts={"docProps/custom.xml": b"<broken"})
    assert "docProps/custom.xml" in inspect(path, "a.docx").notices[0]


def test_a_declared_document_type_is_refused(tmp_path: Path) -> None:
    assert refused(documents.with_doctype(tmp_path / "a.docx")).code == "dangerous_xml"


OWN = '<!DOCTYPE library:libraries PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{}"{}>'


def with_macro_library(folder: Path, doctype: str) -> Path:
    """An OpenDocument text with the list of macro libraries that LibreOffice writes into each that has macros."""
    parts = {"content.xml": "<a/>", "Basic/script-lc.xml": f'<?xml version="1.0"?>{doctype}<library:libraries/>'}
    return package(folder / "a.odt", "text", parts)


def test_the_document_types_that_libreoffice_writes_are_no_danger(tmp_path: Path) -> None:
    found = inspect(with_macro_library(tmp_path, OWN.format("libraries.dtd", "")), "a.odt")
    assert found.macros


@pytest.mark.parametrize(
    "doctype",
    [
        OWN.format("http://evil.example/libraries.dtd", ""),
        OWN.format("file:///etc/passwd", ""),
        OWN.format("libraries.dtd", ' [<!ENTITY a "aaa">]'),
        '<!DOCTYPE a SYSTEM "libraries.dtd">',
        "<!DOCTYPE a>",
    ],
)
def test_what_only_looks_like_them_is_refused(tmp_path: Path, doctype: str) -> None:
    assert refused(with_macro_library(tmp_path, doctype), "a.odt").code == "dangerous_xml"


def test_a_package_that_forgot_its_type_is_known_by_its_manifest(tmp_path: Path) -> None:
    whole = package(tmp_path / "whole.odt", "text", {"content.xml": "<a/>"})
    path = tmp_path / "a.odt"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as made:
        for name in set(source.namelist()) - {"mimetype"}:
            made.writestr(name, source.read(name))
    found = inspect(path, "a.odt").format
    assert found is not None
    assert found.name == "odt"


def test_an_apple_document_is_known_by_its_suffix_and_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.pages"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("Index/Document.iwa", "x")
    assert inspect(path, "a.pages").suffix == ".pages"
    assert refused(path, "a.docx").code == "unsupported_document"


def test_parts_that_overlap_are_refused(tmp_path: Path) -> None:
    error = refused(overlapping(tmp_path))
    assert error.code == "zip_bomb"
    assert "unpack to" in error.message
    assert "overlap" in refused(overlapping(tmp_path, parts=3)).message


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = documents.bomb(tmp_path / "a.docx")
    assert path.stat().st_size < 1 << 20
    assert refused(path).code == "zip_bomb"


def test_a_package_of_too_many_parts_is_refused(tmp_path: Path) -> None:
    path = documents.docx(tmp_path / "a.docx", parts={f"word/p{n}.txt": b"" for n in range(20)})
    assert refused(path, limits=PreflightLimits(entries=20)).code == "zip_bomb"


@pytest.mark.parametrize("name", ["a.docx", "a.pdf.docx"])
def test_a_picture_called_a_document_is_refused(tmp_path: Path, name: str) -> None:
    error = refused(documents.picture(tmp_path / name))
    assert error.code == "unsupported_document"
    assert "PNG" in error.message


def test_a_pdf_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"%PDF-1.7\n")
    assert "a PDF already" in refused(path).message


def test_any_other_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("readme.txt", "hello")
    assert refused(path).code == "unsupported_document"


@pytest.mark.parametrize("name", ["report.xlsx", "report.odt", "report.rtf", "report.txt"])
def test_a_suffix_that_promises_something_else_is_refused(tmp_path: Path, name: str) -> None:
    error = refused(documents.docx(tmp_path / "a"), name)
    assert error.code == "wrong_suffix"
    assert "Word document" in error.message
    assert ".docx" in error.hint


@pytest.mark.parametrize("name", ["report.doc", "report.DOCX", "report.bin", "archive/report.dotx"])
def test_a_suffix_that_office_takes_too_is_accepted(tmp_path: Path, name: str) -> None:
    assert inspect(documents.docx(tmp_path / "a"), name).suffix == ".docx"


@pytest.mark.parametrize("name", ["encrypted.docx", "encrypted.odt", "encrypted.doc"])
def test_encryption_is_seen(name: str) -> None:
    found = inspect(documents.PROTECTED / name, name)
    assert found.encrypted
    assert found.suffix == Path(name).suffix


def test_macros_are_seen(tmp_path: Path) -> None:
    found = inspect(documents.with_macros(tmp_path / "a.docm"), "a.docm")
    assert found.macros
    assert found.format is not None
    assert found.format.name == "docm"
    assert "not run" in found.notices[0]


def test_macros_of_flat_documents_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.fodt"
    path.write_text(
        '<?xml version="1.0"?><office:document office:mimetype="application/vnd.oasis.opendocument.text">'
        '<office:scripts><office:script script:language="ooo:Basic"/></office:scripts></office:document>'
    )
    assert inspect(path, "a.fodt").macros


def test_external_links_of_flat_documents_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.fodt"
    path.write_text(
        '<?xml version="1.0"?><office:document office:mimetype="application/vnd.oasis.opendocument.text">'
        '<draw:image xlink:href="http://far.example/a.png"/><text:a xlink:href="http://clicked.example"/>'
        "</office:document>"
    )
    assert inspect(path, "a.fodt").external_links == ("http://far.example/a.png",)


def test_external_links_are_seen_but_not_hyperlinks(tmp_path: Path) -> None:
    links = {"rId9": "http://tracker.example/pixel.png"}
    found = inspect(documents.docx(tmp_path / "a.docx", documents.linked_picture(), links=links), "a.docx")
    assert found.external_links == ("http://tracker.example/pixel.png",)

    rels = (
        b'<Relationships><Relationship Id="a" Type="http://x/hyperlink" Target="http://example.org" '
        b'TargetMode="External"/></Relationships>'
    )
    clicked = documents.docx(tmp_path / "b.docx", parts={"word/_rels/document.xml.rels": rels})
    assert inspect(clicked, "b.docx").external_links == ()


def test_links_across_chunks_are_seen(tmp_path: Path) -> None:
    filler = b"<!--" + b"x" * ((1 << 16) - 60) + b"-->"
    rels = (
        b"<Relationships>" + filler + b'<Relationship Id="a" Type="http://x/image" Target="http://far.example/x" '
        b'TargetMode="External"/></Relationships>'
    )
    path = documents.docx(tmp_path / "a.docx", parts={"word/_rels/document.xml.rels": rels})
    assert inspect(path, "a.docx").external_links == ("http://far.example/x",)


def test_links_of_a_web_page_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text('<html><img src="https://x.example/a.png"><a href="https://y.example/">go</a></html>')
    assert inspect(path, "a.html").external_links == ("https://x.example/a.png",)
