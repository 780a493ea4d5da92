"""PDF options: what users ask for becomes what LibreOffice understands."""

import json

import pytest
from pydantic import ValidationError

from millhand.engines.soffice.errors import PasswordNeeded
from millhand.engines.soffice.pdf import filter_options
from millhand.handlers.documents.formats import BY_NAME
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.preflight import Inspection

WORD = Inspection(BY_NAME["docx"], ".docx", 1)
SHEET = Inspection(BY_NAME["xlsx"], ".xlsx", 1)


def test_the_defaults_are_those_of_soffice() -> None:
    export = PdfOptions().export(WORD)
    values = json.loads(export.filter_options())
    assert values["Quality"] == {"type": "long", "value": "90"}
    assert values["ExportNotes"] == {"type": "boolean", "value": "false"}
    assert export.commands == ()
    assert not export.needs_kit


@pytest.mark.parametrize(("level", "number"), [("1b", 1), ("2b", 2), ("3b", 3)])
def test_archive_levels(level: str, number: int) -> None:
    assert PdfOptions.model_validate({"pdfa": level}).export(WORD).filter_data["SelectPdfVersion"] == number


def test_changes_come_before_updates() -> None:
    options = PdfOptions(tracked_changes="accept", update_fields=True, update_indexes=True)
    assert options.export(WORD).commands == (
        ".uno:AcceptAllTrackedChanges",
        ".uno:UpdateFields",
        ".uno:UpdateAllIndexes",
    )


def test_spreadsheets_get_no_commands_of_text_documents() -> None:
    assert PdfOptions(update_fields=True).export(SHEET).commands == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"page_ranges": "one"},
        {"quality": 0},
        {"image_resolution": 72},
        {"pdfa": "2b", "open_password": "x"},
        {"lossless": True, "image_resolution": 300},
        {"colour": "red"},
    ],
)
def test_contradictions_and_unknown_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PdfOptions.model_validate(wrong)


def test_an_encrypted_document_needs_a_password() -> None:
    locked = Inspection(BY_NAME["docx"], ".docx", 1, encrypted=True)
    with pytest.raises(PasswordNeeded):
        PdfOptions().export(locked)
    assert PdfOptions.model_validate({"password": "x"}).export(locked).password == "x"


def test_a_password_for_an_open_document_is_not_used() -> None:
    assert PdfOptions.model_validate({"password": "x"}).export(WORD).password is None


def test_passwords_are_not_shown() -> None:
    options = PdfOptions.model_validate({"password": "very-secret", "open_password": "very-secret"})
    locked = Inspection(BY_NAME["docx"], ".docx", 1, encrypted=True)
    assert "very-secret" not in repr(options)
    assert "very-secret" not in repr(options.export(locked))


def test_strings_keep_their_commas_out_of_libreoffices_sight() -> None:
    text = filter_options({"PageRange": "1-2,5", "Watermark": 'a "quoted", text\\'})
    assert json.loads(text)["Watermark"]["value"] == 'a "quoted", text\\'
    assert json.loads(text)["PageRange"]["value"] == "1-2,5"
    assert all(part.startswith(('"', "{")) for part in text.split(","))


def test_delimited_text_is_read_as_utf8() -> None:
    assert PdfOptions().export(Inspection(BY_NAME["csv"], ".csv", 1)).import_options.startswith("44")
