"""What of a PDF's options Word can do, and which engine a job gets."""

import pytest
from pydantic import SecretStr

from millhand.engines.soffice.errors import PasswordNeeded
from millhand.engines.word.values import WordExport
from millhand.handlers.documents.engine_choice import Choice, EngineName, choose
from millhand.handlers.documents.formats import BY_NAME
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.preflight import Inspection
from millhand.handlers.documents.word_options import NotForWord, word_export

LETTER = Inspection(format=BY_NAME["docx"], suffix=".docx", size=1)
LOCKED = Inspection(format=None, suffix=".docx", size=1, encrypted=True)


@pytest.mark.parametrize(
    ("options", "export"),
    [
        (PdfOptions(), WordExport()),
        (PdfOptions(page_ranges="3"), WordExport(first_page=3, last_page=3)),
        (PdfOptions(page_ranges="2-5"), WordExport(first_page=2, last_page=5)),
        (PdfOptions(page_ranges="2-"), WordExport(first_page=2)),
        (PdfOptions(pdfa="1b", bookmarks=False), WordExport(archive=True, outline=False)),
        (PdfOptions(tagged=False, comments="margin"), WordExport(tagged=False, comments=True)),
        (PdfOptions(tracked_changes="reject", update_fields=True), WordExport(changes="reject", update_fields=True)),
        (PdfOptions(hidden_slides=True, form_fields="flat"), WordExport()),
        (PdfOptions(password=SecretStr("sesame")), WordExport()),
    ],
)
def test_options_that_word_has(options: PdfOptions, export: WordExport) -> None:
    assert word_export(options, LETTER) == export


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (PdfOptions(page_ranges="1,3"), "several page_ranges"),
        (PdfOptions(pdfa="2b"), "pdfa 2b"),
        (PdfOptions(comments="annotations"), "annotations"),
        (PdfOptions(watermark="DRAFT", quality=50), "quality, watermark"),
        (PdfOptions(open_password=SecretStr("x")), "open_password"),
    ],
)
def test_options_that_word_has_not_are_named(options: PdfOptions, named: str) -> None:
    with pytest.raises(NotForWord, match=named):
        word_export(options, LETTER)


def test_other_formats_are_not_words() -> None:
    with pytest.raises(NotForWord, match="ods"):
        word_export(PdfOptions(), Inspection(format=BY_NAME["ods"], suffix=".ods", size=1))


def test_the_password_goes_to_word_if_the_document_needs_it() -> None:
    assert word_export(PdfOptions(password=SecretStr("sesame")), LOCKED).password == "sesame"
    with pytest.raises(PasswordNeeded):
        word_export(PdfOptions(), LOCKED)


BOTH_WORD_WANTED = Choice(word=True, libreoffice=True, word_wanted=True)
ONLY_LIBREOFFICE = Choice(word=False, libreoffice=True, word_wanted=False)
ONLY_WORD = Choice(word=True, libreoffice=False, word_wanted=True)


@pytest.mark.parametrize(
    ("asked", "default", "windows", "elsewhere"),
    [
        (None, "auto", BOTH_WORD_WANTED, ONLY_LIBREOFFICE),
        ("auto", "libreoffice", BOTH_WORD_WANTED, ONLY_LIBREOFFICE),
        (None, "word", BOTH_WORD_WANTED, Choice(word=False, libreoffice=True, word_wanted=True)),
        (None, "libreoffice", ONLY_LIBREOFFICE, ONLY_LIBREOFFICE),
        ("libreoffice", "word", ONLY_LIBREOFFICE, ONLY_LIBREOFFICE),
        ("word", "libreoffice", ONLY_WORD, ONLY_WORD),
    ],
)
def test_which_engine_a_job_gets(
    asked: EngineName | None, default: EngineName, windows: Choice, elsewhere: Choice
) -> None:
    assert choose(asked, default, word_possible=True) == windows
    assert choose(asked, default, word_possible=False) == elsewhere
