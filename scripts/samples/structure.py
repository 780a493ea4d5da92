"""Documents of formulas, lists, links and fonts."""

from docx import Document
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt

from scripts.samples.ooxml import bookmark, element, field, link


def _run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def _fraction(top: str, bottom: str) -> str:
    return f"<m:f><m:num>{top}</m:num><m:den>{bottom}</m:den></m:f>"


def _power(base: str, exponent: str) -> str:
    return f"<m:sSup><m:e>{base}</m:e><m:sup>{exponent}</m:sup></m:sSup>"


def _root(inside: str) -> str:
    return f'<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e>{inside}</m:e></m:rad>'


def _sum(sign: str, low: str, high: str, body: str) -> str:
    return (
        f'<m:nary><m:naryPr><m:chr m:val="{sign}"/></m:naryPr><m:sub>{low}</m:sub><m:sup>{high}</m:sup>'
        f"<m:e>{body}</m:e></m:nary>"
    )


def _matrix(*rows: tuple[str, ...]) -> str:
    inner = "".join("<m:mr>" + "".join(f"<m:e>{_run(cell)}</m:e>" for cell in row) + "</m:mr>" for row in rows)
    return f'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e><m:m>{inner}</m:m></m:e></m:d>'


FORMULAS = {
    "The roots of a quadratic equation": _run("x=")
    + _fraction(_run("-b±") + _root(_power(_run("b"), _run("2")) + _run("-4ac")), _run("2a")),
    "The sum of the first squares": _sum("∑", _run("k=1"), _run("n"), _power(_run("k"), _run("2")))
    + _run("=")
    + _fraction(_run("n(n+1)(2n+1)"), _run("6")),
    "The bell curve": _sum("∫", _run("-∞"), _run("∞"), _power(_run("e"), _run("-") + _power(_run("x"), _run("2"))))
    + _run("dx=")
    + _root(_run("π")),
    "A turn by an angle": _run("R=") + _matrix(("cos θ", "-sin θ"), ("sin θ", "cos θ")),
}


def formulas() -> WordDocument:
    """Formulas in lines of their own and inside a sentence (Office MathML)."""
    document = Document()
    document.add_heading("Formulas worth knowing", 1)
    for name, formula in FORMULAS.items():
        document.add_paragraph(name, style="List Number")
        shown = element(f"<m:oMathPara><m:oMath>{formula}</m:oMath></m:oMathPara>", "m")
        document.add_paragraph()._p.append(shown)
    sentence = document.add_paragraph("A stone falls ")
    inline = _run("s=") + _fraction(_run("1"), _run("2")) + _run("g") + _power(_run("t"), _run("2"))
    sentence._p.append(element(f"<m:oMath>{inline}</m:oMath>", "m"))
    sentence.add_run(" metres in t seconds, if the air lets it.")
    return document


LEVELS = (("decimal", "%1."), ("lowerLetter", "%2)"), ("lowerRoman", "%3."), ("bullet", "–"))
OUTLINE = (
    (0, "Before the opening"),
    (1, "Agree with the neighbours"),
    (2, "by letter, four weeks before"),
    (2, "in person, one week before"),
    (3, "bring cake"),
    (3, "bring the plan of the parking places"),
    (1, "Order the tent"),
    (0, "On the day"),
    (1, "Doors at ten"),
    (1, "Speech at eleven"),
    (2, "not longer than six minutes"),
    (0, "Afterwards"),
    (1, "Return the tent dry"),
)


def outline() -> WordDocument:
    """Lists of four levels, numbered in four ways, and one that starts anew."""
    document = Document()
    document.add_heading("Opening day", 1)
    numbering = document.part.numbering_part.element
    _define_list(numbering, 77)
    for place, number in enumerate((77, 78)):
        numbering.append(_list_instance(number))
        document.add_paragraph("The same list again, from one:" if place else "What is to be done:")
        for level, text in OUTLINE:
            paragraph = document.add_paragraph(text)
            properties = paragraph._p.get_or_add_pPr()
            numbers = properties.get_or_add_numPr()
            numbers.get_or_add_ilvl().val = level
            numbers.get_or_add_numId().val = number
    for text in ("string", "scissors", "spare fuses"):
        document.add_paragraph(text, style="List Bullet 2")
    return document


def _define_list(numbering: BaseOxmlElement, number: int) -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/>'
        f'<w:pPr><w:ind w:left="{360 * (level + 1)}" w:hanging="360"/></w:pPr></w:lvl>'
        for level, (kind, text) in enumerate(LEVELS)
    )
    definition = element(f'<w:abstractNum w:abstractNumId="{number}">{levels}</w:abstractNum>')
    # The schema wants every definition before the first instance.
    numbering.insert(numbering.index(numbering.find(qn("w:num"))), definition)


def _list_instance(number: int) -> BaseOxmlElement:
    restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    return element(f'<w:num w:numId="{number}"><w:abstractNumId w:val="77"/>{restart}</w:num>')


def links() -> WordDocument:
    """Links to addresses and to places in the document, bookmarks, and references to their pages."""
    document = Document()
    document.add_heading("Where to find what", 1)
    places = ("The harbour", "The old town", "The upper gardens")
    for number, place in enumerate(places, start=1):
        paragraph = document.add_paragraph(style="List Bullet")
        link(paragraph, place, anchor=f"place{number}")
        paragraph.add_run(", page ")
        field(paragraph, f"PAGEREF place{number} \\h", str(number + 1))
    paragraph = document.add_paragraph("Timetables: ")
    link(paragraph, "example.org/timetables", url="https://example.org/timetables")
    paragraph.add_run(", questions: ")
    link(paragraph, "info@example.org", url="mailto:info@example.org?subject=Guide")
    for number, place in enumerate(places, start=1):
        heading = document.add_heading(place, 2)
        heading.paragraph_format.page_break_before = True
        bookmark(heading, f"place{number}", number)
        paragraph = document.add_paragraph("As every guide says, see also ")
        field(paragraph, f"REF place{number % 3 + 1} \\h", places[number % 3])
        paragraph.add_run(".")
    return document


FONTS = (
    "Calibri",
    "Cambria",
    "Aptos",
    "Times New Roman",
    "Arial",
    "Courier New",
    "Georgia",
    "Verdana",
    "Segoe UI",
    "Comic Sans MS",
)


def fonts() -> WordDocument:
    """The fonts that Word documents ask for most, in four cuts, with accents and ligatures."""
    document = Document()
    document.add_heading("A specimen of fonts", 1)
    for name in FONTS:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.left_indent = Cm(0.5)
        paragraph.add_run(f"{name}: ").bold = True
        for bold, italic in ((False, False), (True, False), (False, True), (True, True)):
            run = paragraph.add_run("Fifty quick jackdaws vex my big sphinx; façade, Škoda, 1 234,50 €. ")
            run.font.name = name
            run.font.size = Pt(11)
            run.bold, run.italic = bold, italic
    special = document.add_paragraph()
    settings = (("small capitals", "small_caps"), ("struck", "strike"), ("raised", "superscript"))
    for text, setting in settings:
        setattr(special.add_run(f"{text} ").font, setting, True)
    return document
