"""The font report: what was asked for, what replaced it, and whether lines still break where they should."""

import zipfile
from pathlib import Path

import pytest

from millhand.handlers.documents.font_report import asked_for, report
from millhand.handlers.documents.font_slots import Asked, slots
from millhand.handlers.documents.formats import BY_NAME
from millhand.handlers.documents.pdf_check import PdfFont
from tests import documents

STAND_INS = {"Calibri": ("Carlito",), "Georgia": ("Gelasio", "DejaVu Serif")}
THEME = (
    b'<a:theme><a:majorFont><a:latin typeface="Aptos Display"/></a:majorFont>'
    b'<a:minorFont><a:latin typeface="Aptos"/><a:ea typeface="Mincho"/><a:cs typeface="Naskh"/></a:minorFont></a:theme>'
)
STYLES = b"""<w:styles>
<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:asciiTheme="minorHAnsi" w:hAnsiTheme="minorHAnsi"
 w:eastAsiaTheme="minorEastAsia" w:cstheme="minorBidi"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"/>
<w:style w:type="paragraph" w:styleId="Macro"><w:rPr><w:rFonts w:ascii="Courier" w:hAnsi="Courier"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Letter"><w:basedOn w:val="Macro"/></w:style>
<w:style w:type="character" w:styleId="Code"><w:rPr><w:rFonts w:ascii="Fixed"/></w:rPr></w:style>
<w:style w:type="table" w:styleId="Grid"><w:rPr><w:rFonts w:ascii="Tabular"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Ring"><w:basedOn w:val="Round"/></w:style>
<w:style w:type="paragraph" w:styleId="Round"><w:basedOn w:val="Ring"/></w:style>
</w:styles>"""


def fonts(*names: str, embedded: bool = True) -> list[PdfFont]:
    return [PdfFont(name, name.split("-")[0], embedded) for name in names]


def sure(*names: str) -> Asked:
    return Asked(sure=frozenset(names))


def package(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return path


def asked_by_word(folder: Path, body: str) -> Asked:
    main = f'<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>'.encode()
    parts = {"word/styles.xml": STYLES, "word/theme/theme1.xml": THEME, "word/document.xml": main}
    return asked_for(package(folder / "a.docx", parts), BY_NAME["docx"])


def words(text: str, *, paragraph: str = "", run: str = "") -> str:
    style = f'<w:pPr><w:pStyle w:val="{paragraph}"/></w:pPr>' if paragraph else ""
    return f"<w:p>{style}<w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    ("body", "families"),
    [
        (words("by the defaults"), {"Aptos"}),
        (words("by a style", paragraph="Macro"), {"Courier"}),
        (words("by the style that it is based on", paragraph="Letter"), {"Courier"}),
        (words("by a run's style", run='<w:rStyle w:val="Code"/>'), {"Fixed"}),
        (words("by itself", run='<w:rStyle w:val="Code"/><w:rFonts w:ascii="Own"/>'), {"Own"}),
        (words("by the theme", run='<w:rFonts w:ascii="Own" w:asciiTheme="majorAscii"/>'), {"Aptos Display"}),
        (words("styles in a ring", paragraph="Round"), {"Aptos"}),
        (words("縦書き"), {"Mincho"}),
        (words("مرحبا"), {"Naskh"}),
        (words("mixed 縦"), {"Aptos", "Mincho"}),
        (words("  "), set[str]()),
        (words("not seen", run="<w:vanish/>"), set[str]()),
        ('<w:p><w:pPr><w:rPr><w:rFonts w:ascii="Mark"/></w:rPr></w:pPr></w:p>', set[str]()),
        ('<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r></w:p>', {"Wingdings"}),
        (words("now", run='<w:rPrChange><w:rPr><w:rFonts w:ascii="Then"/></w:rPr></w:rPrChange>'), {"Aptos"}),
        (f'<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/></w:tblPr>{words("cell")}</w:tbl>', {"Tabular"}),
        (f"<w:p><w:r>{words('box', paragraph='Macro')}<w:t>around it</w:t></w:r></w:p>", {"Courier", "Aptos"}),
    ],
)
def test_words_ask_for_the_font_that_they_are_set_in(tmp_path: Path, body: str, families: set[str]) -> None:
    assert asked_by_word(tmp_path, body).sure == families


def test_a_run_from_right_to_left_asks_for_its_script_first(tmp_path: Path) -> None:
    found = asked_by_word(tmp_path, words("2024", run="<w:rtl/>"))
    assert found == Asked(sure=frozenset({"Naskh"}), maybe=frozenset({"Aptos"}))


def test_slides_ask_for_their_own_fonts_and_may_inherit_others(tmp_path: Path) -> None:
    slide = (
        b'<p><a:r><a:rPr><a:latin typeface="Own"/></a:rPr><a:t>words</a:t></a:r>'
        b'<a:r><a:rPr><a:latin typeface="+mj-lt"/></a:rPr><a:t>more</a:t></a:r><a:r><a:t>plain</a:t></a:r>'
        b'<a:endParaRPr><a:latin typeface="Never"/></a:endParaRPr></p>'
    )
    master = b'<m><a:latin typeface="+mn-lt"/><a:latin typeface="Stencil"/></m>'
    parts = {
        "ppt/slides/slide1.xml": slide,
        "ppt/slideMasters/slideMaster1.xml": master,
        "ppt/theme/theme1.xml": THEME,
    }
    found = asked_for(package(tmp_path / "a.pptx", parts), BY_NAME["pptx"])
    assert found == Asked(sure=frozenset({"Own", "Aptos Display"}), maybe=frozenset({"Aptos", "Stencil"}))


def test_a_document_type_is_not_read(tmp_path: Path) -> None:
    body = '<!DOCTYPE d [<!ENTITY f "Own">]><d><w:p><w:r><w:sym w:font="&f;"/></w:r></w:p></d>'
    path = package(tmp_path / "a.docx", {"word/document.xml": body.encode()})
    assert asked_for(path, BY_NAME["docx"]) == Asked()


def test_an_unreadable_document_asks_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"PK")
    assert asked_for(path, BY_NAME["docx"]) == Asked()


def test_a_damaged_part_asks_for_what_stands_before_the_damage(tmp_path: Path) -> None:
    path = documents.with_broken_xml(tmp_path / "a.docx")
    assert asked_for(path, BY_NAME["docx"]) == Asked()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a", {"ascii"}),
        ("é€", {"hAnsi"}),
        ("한", {"eastAsia"}),
        ("ש", {"cs"}),
        (" \u00a0\n", set[str]()),
        ("", set[str]()),
    ],
)
def test_scripts(text: str, wanted: set[str]) -> None:
    assert slots(text) == wanted


def test_a_font_that_is_there_is_not_substituted() -> None:
    made = report(sure("Open Sans", "arial"), fonts("OpenSans-Bold"), frozenset({"Open Sans", "Arial"}), STAND_INS)
    assert made.substituted == ()
    assert made.faithful


def test_a_stand_in_of_the_same_widths_is_faithful() -> None:
    made = report(sure("Calibri"), fonts("Carlito"), frozenset({"Carlito"}), STAND_INS)
    assert [(one.asked, one.by) for one in made.substituted] == [("Calibri", "Carlito")]
    assert made.faithful


def test_any_other_replacement_is_not_faithful() -> None:
    made = report(sure("Comic Sans MS"), fonts("DejaVuSans"), frozenset({"DejaVu Sans"}), STAND_INS)
    (one,) = made.substituted
    assert (one.asked, one.by, one.same_widths) == ("Comic Sans MS", "DejaVuSans", False)
    assert not made.faithful


def test_a_replacement_by_a_font_that_others_asked_for_is_seen() -> None:
    made = report(sure("Carlito", "Comic Sans MS"), fonts("Carlito"), frozenset({"Carlito"}), STAND_INS)
    assert [one.asked for one in made.substituted] == ["Comic Sans MS"]
    assert not made.faithful


def test_a_font_that_may_be_inherited_and_left_no_trace_is_not_reported() -> None:
    asked = Asked(sure=frozenset({"Calibri"}), maybe=frozenset({"Stencil"}))
    assert [one.asked for one in report(asked, fonts("Carlito"), frozenset(), STAND_INS).substituted] == ["Calibri"]
    traced = report(asked, fonts("Carlito", "DejaVuSans"), frozenset(), STAND_INS)
    assert [one.asked for one in traced.substituted] == ["Calibri", "Stencil"]


def test_a_font_that_is_not_embedded_is_not_faithful() -> None:
    made = report(Asked(), fonts("Helvetica", embedded=False), frozenset(), STAND_INS)
    assert made.not_embedded == ("Helvetica",)
    assert not made.faithful
