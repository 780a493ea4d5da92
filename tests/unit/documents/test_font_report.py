"""The font report: what was asked for, what replaced it, and whether lines still break where they should."""

from pathlib import Path

from millhand.handlers.documents.font_report import asked_for, report
from millhand.handlers.documents.formats import BY_NAME
from millhand.handlers.documents.pdf_check import PdfFont
from tests import documents

STAND_INS = {"Calibri": ("Carlito",), "Georgia": ("Gelasio", "DejaVu Serif")}


def fonts(*names: str, embedded: bool = True) -> list[PdfFont]:
    return [PdfFont(name, name.split("-")[0], embedded) for name in names]


def test_fonts_are_read_from_runs_and_themes(tmp_path: Path) -> None:
    theme = b'<a:theme><a:minorFont><a:latin typeface="Aptos"/></a:minorFont></a:theme>'
    styles = b'<w:styles><w:rFonts w:asciiTheme="minorHAnsi"/></w:styles>'
    path = documents.docx(tmp_path / "a.docx", parts={"word/theme/theme1.xml": theme, "word/styles.xml": styles})
    assert {"Aptos", "Calibri", "Cambria"} <= asked_for(path, BY_NAME["docx"])


def test_an_unreadable_document_asks_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"PK")
    assert asked_for(path, BY_NAME["docx"]) == frozenset()


def test_a_font_that_is_there_is_not_substituted() -> None:
    made = report(frozenset({"Open Sans"}), fonts("OpenSans-Bold"), frozenset({"Open Sans"}), STAND_INS)
    assert made.substituted == ()
    assert made.faithful


def test_a_stand_in_of_the_same_widths_is_faithful() -> None:
    made = report(frozenset({"Calibri"}), fonts("Carlito"), frozenset({"Carlito"}), STAND_INS)
    assert [(one.asked, one.by) for one in made.substituted] == [("Calibri", "Carlito")]
    assert made.faithful


def test_any_other_replacement_is_not_faithful() -> None:
    made = report(frozenset({"Comic Sans MS"}), fonts("DejaVuSans"), frozenset({"DejaVu Sans"}), STAND_INS)
    (one,) = made.substituted
    assert (one.asked, one.by, one.same_widths) == ("Comic Sans MS", "DejaVuSans", False)
    assert not made.faithful


def test_a_font_that_no_text_uses_is_not_reported() -> None:
    made = report(frozenset({"Calibri", "Wingdings"}), fonts("Carlito"), frozenset({"Carlito"}), STAND_INS)
    assert [one.asked for one in made.substituted] == ["Calibri"]


def test_a_font_that_is_not_embedded_is_not_faithful() -> None:
    made = report(frozenset(), fonts("Helvetica", embedded=False), frozenset(), STAND_INS)
    assert made.not_embedded == ("Helvetica",)
    assert not made.faithful
