"""Documents that people work on together: tracked changes, comments, a form to fill in."""

from docx import Document
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.text.paragraph import Paragraph

from scripts.samples.ooxml import element

WHEN = "2024-05-06T09:30:00Z"

CLAUSES = (
    (
        ("keep", "The lessee pays the rent on the "),
        ("del", "first"),
        ("ins", "third"),
        ("keep", " of each month."),
    ),
    (
        ("keep", "The wheel is turned "),
        ("ins", "at least "),
        ("keep", "once a week, so that it does not rust."),
    ),
    (
        ("keep", "Fishing from the weir is "),
        ("del", "allowed"),
        ("ins", "a matter of courtesy"),
        ("keep", "."),
    ),
    (("del", "The ice house is not part of the lease."),),
)


def contract() -> WordDocument:
    """A contract under review: insertions, deletions and a changed format by two people, and comments."""
    document = Document()
    document.add_heading("Lease of the lower mill", 1)
    for number, clause in enumerate(CLAUSES, start=1):
        paragraph = document.add_paragraph(f"§ {number}  ")
        for place, (kind, text) in enumerate(clause):
            _add(paragraph, kind, text, number * 10 + place)
    formatted = document.add_paragraph().add_run("Both parties have read this.")
    formatted.bold = True
    formatted._r.get_or_add_rPr().append(
        element(f'<w:rPrChange w:id="90" w:author="R. Okafor" w:date="{WHEN}"><w:rPr/></w:rPrChange>')
    )
    _comment(document, 1, "Is the third after a Sunday meant?", "R. Okafor")
    _comment(document, 3, "Courtesy of whom? Name somebody.", "L. Brandt")
    return document


def _add(paragraph: Paragraph, kind: str, text: str, number: int) -> None:
    run = paragraph.add_run(text)
    if kind == "keep":
        return
    author = "L. Brandt" if kind == "ins" else "R. Okafor"
    change = element(f'<w:{kind} w:id="{number}" w:author="{author}" w:date="{WHEN}"/>')
    if kind == "del":
        for child in run._r.xpath("./w:t"):
            run._r.replace(child, element(f'<w:delText xml:space="preserve">{text}</w:delText>'))
    change.append(run._r)
    paragraph._p.append(change)


def _comment(document: WordDocument, clause: int, text: str, author: str) -> None:
    initials = "".join(word[0] for word in author.split())
    comment = document.add_comment(document.paragraphs[clause].runs[0], text, author, initials)
    comment._comment_elm.set(qn("w:date"), WHEN)


def registration_form() -> WordDocument:
    """Fields to fill in: texts, a choice, a date and boxes to tick."""
    document = Document()
    document.add_heading("Registration for the summer school", 1)
    table = document.add_table(rows=0, cols=2, style="Table Grid")
    fields = (
        ("Name", "<w:text/>", "Click to enter your name"),
        ("Course", _choices("Bread", "Water wheels", "Basketry"), "Choose a course"),
        ("Arrival", '<w:date><w:dateFormat w:val="d MMMM yyyy"/></w:date>', "Pick a day"),
    )
    for name, control, shown in fields:
        cells = table.add_row().cells
        cells[0].text = name
        cells[1].paragraphs[0]._p.append(_control(name, control, shown))
    document.add_paragraph()
    for label, ticked in (("I bring my own apron", True), ("I need a bed", False), ("I eat no meat", True)):
        paragraph = document.add_paragraph()
        paragraph._p.append(_control(label, "", "☒" if ticked else "☐"))
        paragraph.add_run(f" {label}")
    return document


def _choices(*names: str) -> str:
    items = "".join(f'<w:listItem w:displayText="{name}" w:value="{name}"/>' for name in names)
    return f"<w:dropDownList>{items}</w:dropDownList>"


def _control(name: str, kind: str, shown: str) -> BaseOxmlElement:
    return element(
        f'<w:sdt><w:sdtPr><w:alias w:val="{name}"/>{kind}</w:sdtPr>'
        f"<w:sdtContent><w:r><w:t>{shown}</w:t></w:r></w:sdtContent></w:sdt>"
    )
