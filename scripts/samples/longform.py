"""Long documents: an essay with notes, and a handbook of fifty pages with its table of contents."""

import random
from typing import TYPE_CHECKING, cast
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml.ns import nsdecls
from docx.shared import Cm, Pt
from docx.text.run import Run

from scripts.samples.ooxml import add_part, bookmark, element, field, link, page_of_pages

if TYPE_CHECKING:
    from docx.styles.style import ParagraphStyle

ESSAY = (
    ("A mill that stands in the water wears out sooner than one beside it", "The wheel, not the building."),
    ("and yet for six hundred years they were built in midstream", "On boats, where the river was deep."),
    ("because the current is strongest there", "About a third more than at the bank, by one count of 1790."),
    ("and because nobody owned the middle of the river", "The bridges came to own it later."),
    ("The miller paid in flour", "One measure in sixteen; in bad years, one in twenty."),
    ("and in the upkeep of the chains that held him to the pier", "Renewed every seventh year."),
)
SOURCES = (
    "Parish accounts, in the church chest; the pages for 1741 are missing.",
    "The plan is a copy: the original burned with the town hall.",
)

FOOTNOTE_LAYOUT = (
    '<w:{0} w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:{0}>'
    '<w:{0} w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:{0}>'
)


def essay() -> WordDocument:
    """Footnotes on each page and endnotes at the end, with a first page that has a header of its own."""
    document = Document()
    section = document.sections[0]
    section.different_first_page_header_footer = True
    section.first_page_header.paragraphs[0].text = "An essay"
    section.header.paragraphs[0].text = "Mills in midstream"
    page_of_pages(section.footer.paragraphs[0])
    document.add_heading("Mills in midstream", 0)
    footnotes: list[str] = []
    endnotes: list[str] = []
    for part in range(1, 6):
        document.add_heading(f"{part}", 2)
        paragraph = document.add_paragraph()
        for sentence, note in ESSAY:
            paragraph.add_run(f"{sentence}, as the record of part {part} has it")
            footnotes.append(f"{note} (part {part})")
            _reference(paragraph.add_run(), "footnote", len(footnotes))
            paragraph.add_run("; so the toll stayed low and the queue of carts stayed long. ")
        if part <= len(SOURCES):
            paragraph.add_run("The figures are those of the accounts")
            endnotes.append(SOURCES[part - 1])
            _reference(paragraph.add_run(), "endnote", len(endnotes))
            paragraph.add_run(".")
    add_part(document, "footnotes", _notes("footnote", footnotes))
    add_part(document, "endnotes", _notes("endnote", endnotes))
    return document


def _reference(run: Run, kind: str, number: int) -> None:
    run.font.superscript = True
    run._r.append(element(f'<w:{kind}Reference w:id="{number}"/>'))


def _notes(kind: str, texts: list[str]) -> str:
    notes = "".join(
        f'<w:{kind} w:id="{number}"><w:p><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:{kind}Ref/></w:r>'
        f'<w:r><w:rPr><w:sz w:val="18"/></w:rPr><w:t xml:space="preserve"> {escape(text)}</w:t></w:r></w:p></w:{kind}>'
        for number, text in enumerate(texts, start=1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<w:{kind}s {nsdecls('w')}>{FOOTNOTE_LAYOUT.format(kind)}{notes}</w:{kind}s>"
    )


WEEKS = 48
SUBJECTS = (
    "the lower sluice",
    "the north bearing",
    "the flour lift",
    "the tail race",
    "the pit wheel",
    "the eel trap",
)
DOINGS = (
    "was cleared of reeds",
    "was greased twice",
    "stood still for a day",
    "was measured again",
    "held",
    "froze",
)
REASONS = (
    "after the rain of Tuesday",
    "before the carts came",
    "because the level fell by a hand's breadth",
    "as it does every year at this time",
    "although nobody had asked for it",
)


def handbook() -> WordDocument:
    """Exactly fifty pages: a title page, a table of contents with links, and forty-eight weeks of one page each."""
    document = Document()
    cast("ParagraphStyle", document.styles["Normal"]).font.size = Pt(10.5)
    section = document.sections[0]
    section.different_first_page_header_footer = True
    section.header.paragraphs[0].text = "The miller's handbook"
    page_of_pages(section.footer.paragraphs[0], before="", between=" / ")
    section.footer.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT

    document.add_heading("The miller's handbook", 0)
    document.add_paragraph("Forty-eight weeks at the wheel, one page each, as they were written down.")
    _contents(document)
    chance = random.Random(48)  # noqa: S311 - the same text every time, nothing secret
    for week in range(1, WEEKS + 1):
        _week(document, week, chance)
    return document


def _contents(document: WordDocument) -> None:
    title = document.add_paragraph("Contents")
    title.paragraph_format.page_break_before = True
    title.runs[0].bold = True
    first = True
    for week in range(1, WEEKS + 1):
        entry = document.add_paragraph()
        entry.paragraph_format.space_after = Pt(0)
        entry.paragraph_format.line_spacing = Pt(12.5)
        entry.paragraph_format.tab_stops.add_tab_stop(Cm(15), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
        if first:
            for xml in (
                '<w:fldChar w:fldCharType="begin"/>',
                '<w:instrText xml:space="preserve"> TOC \\o "1-1" \\h \\z \\u </w:instrText>',
                '<w:fldChar w:fldCharType="separate"/>',
            ):
                entry.add_run()._r.append(element(xml))
            first = False
        link(entry, _heading(week), anchor=f"week{week}")
        entry.add_run("\t")
        field(entry, f"PAGEREF week{week} \\h", str(week + 2))
        if week == WEEKS:
            entry.add_run()._r.append(element('<w:fldChar w:fldCharType="end"/>'))


def _heading(week: int) -> str:
    return f"Week {week}: {SUBJECTS[week % len(SUBJECTS)]}"


def _week(document: WordDocument, week: int, chance: random.Random) -> None:
    heading = document.add_heading(_heading(week), 1)
    heading.paragraph_format.page_break_before = True
    bookmark(heading, f"week{week}", week)
    for _ in range(chance.randint(2, 4)):
        sentences = (f"{chance.choice(SUBJECTS)} {chance.choice(DOINGS)} {chance.choice(REASONS)}." for _ in range(7))
        text = " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)
        document.add_paragraph(text).alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    table = document.add_table(rows=1, cols=3, style="Light List Accent 2")
    for cell, text in zip(table.rows[0].cells, ("Day", "Level in cm", "Sacks"), strict=True):
        cell.text = text
    for day in ("Monday", "Wednesday", "Friday"):
        row = table.add_row().cells
        row[0].text, row[1].text, row[2].text = day, str(chance.randint(60, 140)), str(chance.randint(5, 40))
