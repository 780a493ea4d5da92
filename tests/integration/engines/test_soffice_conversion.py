"""LibreOffice makes the PDF that was asked for, by either engine, from every kind of document."""

import io
import zipfile
from pathlib import Path

import docx as python_docx
import openpyxl
import pytest

from millhand.engines.soffice import DocumentLimits, PdfExport, Soffice, fonts
from millhand.engines.soffice.errors import DocumentFailed, PasswordNeeded
from millhand.handlers.documents import font_report, pdf_check
from millhand.handlers.documents.formats import BY_NAME
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.preflight import inspect
from millhand.handlers.documents.text import as_utf8
from tests import documents
from tests.integration.engines.support import Converter, pdf_pages, pdf_text
from tests.support import needs_soffice

pytestmark = needs_soffice

FLAT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" office:version="1.2" '
    'office:mimetype="application/vnd.oasis.opendocument.{0}"><office:body><office:{0}>{1}</office:{0}></office:body>'
    "</office:document>"
)
SHEET = (
    '<table:table table:name="A"><table:table-row><table:table-cell office:value-type="string">'
    "<text:p>Cell words</text:p></table:table-cell></table:table-row></table:table>"
)


def test_the_canary_lives(engine: Soffice) -> None:
    health = engine.check()
    assert (health.healthy, health.engine, health.detail) == (True, "libreofficekit", "")
    assert health.version.startswith(tuple("0123456789"))


def test_a_word_document(converter: Converter, tmp_path: Path) -> None:
    done = converter.convert(documents.docx(tmp_path / "a.docx", documents.paragraph("Hello there")))
    assert done.engine == "libreofficekit"
    assert done.first_failure is None
    assert 0 < done.seconds < 10
    assert done.peak_memory > 10 << 20
    assert "Hello there" in converter.text()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.rtf", rb"{\rtf1 Plain words}"),
        ("a.txt", b"Plain words"),
        ("a.html", b"<!DOCTYPE html><html><body><p>Plain words</p></body></html>"),
        ("a.fodt", FLAT.format("text", "<text:p>Plain words</text:p>").encode()),
        ("a.doc", rb"{\rtf1 Plain words}"),
    ],
)
def test_texts(converter: Converter, tmp_path: Path, name: str, content: bytes) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    assert converter.convert(source).engine == "libreofficekit"
    assert "Plain words" in converter.text()


def test_a_spreadsheet(converter: Converter, tmp_path: Path) -> None:
    source = tmp_path / "a.fods"
    source.write_text(FLAT.format("spreadsheet", SHEET))
    assert converter.convert(source).engine == "libreofficekit"
    assert "Cell words" in converter.text()


def test_a_workbook_whose_sheets_are_read_by_threads(converter: Converter, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for number in range(6):
        sheet = workbook.create_sheet(f"Sheet {number}")
        for row in range(200):
            sheet.append([f"cell {number}-{row}", row, f"=B{row + 1}*2"])
    source = tmp_path / "a.xlsx"
    workbook.save(source)
    assert converter.convert(source).engine == "libreofficekit"
    assert all(f"cell {number}-199" in converter.text() for number in range(6))
    assert converter.engine.check().engine == "libreofficekit"


def test_delimited_text_in_an_old_encoding(converter: Converter, tmp_path: Path) -> None:
    old = tmp_path / "old.csv"
    old.write_bytes("Stadt;Größe\nKöln;1\n".encode("cp1252"))
    source = as_utf8(old, tmp_path / "a.csv")
    assert converter.convert(source).engine == "soffice"
    assert "Köln" in converter.text()
    assert ";" not in converter.text()


@pytest.mark.parametrize(
    "name", ["encrypted.docx", "encrypted.odt", "encrypted.doc", "encrypted.xlsx", "encrypted.pptx"]
)
def test_encrypted_documents(converter: Converter, name: str) -> None:
    source = documents.PROTECTED / name
    with pytest.raises(PasswordNeeded):
        converter.convert(source)
    with pytest.raises(PasswordNeeded, match="given password"):
        converter.convert(source, PdfOptions.model_validate({"password": "wrong"}))
    converter.convert(source, PdfOptions.model_validate({"password": documents.PASSWORD}))
    assert pdf_pages(converter.target) == 1


@pytest.mark.parametrize("name", ["protected-against-changes.xlsx", "protected-against-changes.xls"])
def test_what_office_encrypts_with_its_own_password_needs_none(converter: Converter, name: str) -> None:
    assert inspect(documents.PROTECTED / name, name).encrypted
    converter.convert(documents.PROTECTED / name)
    assert "Merely protected" in converter.text()


def test_pages_that_a_document_has_not(converter: Converter, tmp_path: Path) -> None:
    source = documents.docx(tmp_path / "a.docx")
    with pytest.raises(DocumentFailed) as caught:
        converter.convert(source, PdfOptions(page_ranges="99"))
    assert "could not be written" in caught.value.message
    assert "/" not in caught.value.message


@pytest.mark.parametrize(
    ("treatment", "shown", "hidden"),
    [
        ("show", ("brandnew", "oldfashioned"), ()),
        ("accept", ("brandnew",), ("oldfashioned",)),
        ("hide", ("brandnew",), ("oldfashioned",)),
        ("reject", ("oldfashioned",), ("brandnew",)),
    ],
)
def test_tracked_changes(
    converter: Converter, tmp_path: Path, treatment: str, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    source = documents.docx(tmp_path / "a.docx", documents.inserted_and_deleted("brandnew", "oldfashioned"))
    converter.convert(source, PdfOptions.model_validate({"tracked_changes": treatment}))
    text = converter.text()
    assert all(word in text for word in shown)
    assert not any(word in text for word in hidden)


def test_a_table_of_contents_is_renewed_on_request(converter: Converter, tmp_path: Path) -> None:
    source = documents.docx(tmp_path / "a.docx", documents.stale_contents("Stale") + documents.heading("Chapter X"))
    converter.convert(source)
    assert "Stale" in converter.text()
    converter.convert(source, PdfOptions(update_fields=True, update_indexes=True))
    assert "Stale" not in converter.text()
    assert converter.text().count("Chapter X") == 2


def test_page_ranges(converter: Converter, tmp_path: Path) -> None:
    page_break = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
    body = page_break.join(documents.paragraph(f"Page number {n}") for n in range(1, 7))
    source = documents.docx(tmp_path / "a.docx", body)
    converter.convert(source, PdfOptions(page_ranges="1-2, 5"))
    assert pdf_pages(converter.target) == 3
    assert "Page number 5" in converter.text()
    assert "Page number 3" not in converter.text()


@pytest.mark.parametrize("level", ["1b", "2b", "3b"])
def test_archive_pdfs(converter: Converter, tmp_path: Path, level: str) -> None:
    converter.convert(documents.docx(tmp_path / "a.docx"), PdfOptions.model_validate({"pdfa": level, "pdfua": True}))
    content = converter.target.read_bytes()
    assert f"<pdfaid:part>{level[0]}</pdfaid:part>".encode() in content
    assert b"pdfuaid" in content


def test_an_encrypted_pdf_opens_by_its_password_only(converter: Converter, tmp_path: Path) -> None:
    password = 'comma, quote" and back\\'
    converter.convert(documents.docx(tmp_path / "a.docx"), PdfOptions.model_validate({"open_password": password}))
    assert "quick brown fox" in converter.text(password)
    with pytest.raises(Exception, match="assword"):
        converter.text("wrong")


def test_a_watermark(converter: Converter, tmp_path: Path) -> None:
    source = documents.docx(tmp_path / "a.docx")
    converter.convert(source)
    plain = converter.target.stat().st_size
    converter.convert(source, PdfOptions(watermark="DRAFT, not for use"))
    assert converter.target.stat().st_size > plain


def test_fonts_get_stand_ins_of_the_same_widths(converter: Converter, tmp_path: Path) -> None:
    run = '<w:p><w:r><w:rPr><w:rFonts w:ascii="{0}" w:hAnsi="{0}"/></w:rPr><w:t>Words in {0}</w:t></w:r></w:p>'
    asked = ("Aptos", "Segoe UI", "Georgia", "Calibri", "Cambria")
    source = documents.docx(tmp_path / "a.docx", "".join(run.format(name) for name in asked))
    converter.convert(source)
    facts = pdf_check.check(converter.target)
    wanted = font_report.asked_for(source, BY_NAME["docx"])
    made = font_report.report(wanted, facts.fonts, fonts.installed_families(), fonts.STAND_INS)
    by = {one.asked: one.by for one in made.substituted}
    assert by["Aptos"] == by["Calibri"] == "Carlito"
    assert (by["Segoe UI"], by["Georgia"], by["Cambria"]) == ("Open Sans", "DejaVu Serif", "Caladea")
    assert made.faithful


def test_both_engines_agree(engine: Soffice, cold_engine: Soffice, tmp_path: Path) -> None:
    document = python_docx.Document()
    document.add_heading("A heading", 1)
    document.add_table(3, 3).cell(1, 1).text = "in a table"
    for number in range(40):
        document.add_paragraph(f"Paragraph {number} with some words. " * 6)
    source = tmp_path / "a.docx"
    document.save(str(source))
    texts: list[str] = []
    for number, one in enumerate((engine, cold_engine)):
        target = tmp_path / f"{number}.pdf"
        one.convert(source, target, PdfExport(".docx"), DocumentLimits(seconds=60))
        texts.append(pdf_text(target))
    assert texts[0] == texts[1]


def test_a_document_with_comments(converter: Converter, tmp_path: Path) -> None:
    document = python_docx.Document()
    run = document.add_paragraph("Commented words").runs[0]
    document.add_comment(run, text="What I think of it", author="A")
    memory = io.BytesIO()
    document.save(memory)
    source = tmp_path / "a.docx"
    source.write_bytes(memory.getvalue())
    assert zipfile.ZipFile(source).testzip() is None
    converter.convert(source)
    assert b"/Annot" not in converter.target.read_bytes()
    converter.convert(source, PdfOptions(comments="annotations"))
    assert b"/Annot" in converter.target.read_bytes()
