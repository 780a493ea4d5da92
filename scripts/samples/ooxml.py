"""The parts of WordprocessingML that python-docx has no call for (ECMA-376 part 1, chapter 17)."""

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

LINK_BLUE = RGBColor(0x05, 0x63, 0xC1)


def element(xml: str, *prefixes: str) -> BaseOxmlElement:
    """Parse one element; `w` and the named prefixes are declared on it."""
    opening, rest = xml.split(">", 1)
    slash = "/" if opening.endswith("/") else ""
    return parse_xml(f"{opening.removesuffix('/')} {nsdecls('w', *prefixes)}{slash}>{rest}")


def field(paragraph: Paragraph, instruction: str, shown: str) -> Run:
    """Add a field with the result that is shown until it is updated."""
    for kind in ("begin", "separate"):
        paragraph.add_run()._r.append(element(f'<w:fldChar w:fldCharType="{kind}"/>'))
        if kind == "begin":
            paragraph.add_run()._r.append(element(f'<w:instrText xml:space="preserve"> {instruction} </w:instrText>'))
    result = paragraph.add_run(shown)
    paragraph.add_run()._r.append(element('<w:fldChar w:fldCharType="end"/>'))
    return result


def page_of_pages(paragraph: Paragraph, before: str = "Page ", between: str = " of ") -> None:
    """Write "Page 3 of 7" with fields."""
    paragraph.add_run(before)
    field(paragraph, "PAGE", "1")
    paragraph.add_run(between)
    field(paragraph, "NUMPAGES", "1")


def bookmark(paragraph: Paragraph, name: str, number: int) -> None:
    """Make the whole paragraph the target `name`; `number` is unique in the document."""
    start = element(f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>')
    paragraph._p.insert(1 if paragraph._p.pPr is not None else 0, start)
    paragraph._p.append(element(f'<w:bookmarkEnd w:id="{number}"/>'))


def link(paragraph: Paragraph, text: str, *, url: str = "", anchor: str = "") -> None:
    """Add a link to an address, or to a bookmark of this document."""
    hyperlink = element("<w:hyperlink/>")
    if url:
        hyperlink.set(qn("r:id"), paragraph.part.relate_to(url, RT.HYPERLINK, is_external=True))
    else:
        hyperlink.set(qn("w:anchor"), anchor)
    run = paragraph.add_run(text)
    run.font.color.rgb = LINK_BLUE
    run.font.underline = True
    hyperlink.append(run._r)
    paragraph._p.append(hyperlink)


def right_to_left(paragraph: Paragraph, font: str) -> None:
    """Set the paragraph and its runs from right to left, in `font`."""
    # The schema orders the children of pPr; bidi comes before the alignment.
    paragraph._p.get_or_add_pPr().insert_element_before(
        element("<w:bidi/>"), "w:adjustRightInd", "w:spacing", "w:ind", "w:jc", "w:rPr", "w:sectPr"
    )
    for run in paragraph.runs:
        run.font.rtl = True
        fonts = run._r.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:cs"), font)


def east_asian(run: Run, font: str, language: str) -> None:
    """Name the font and the language for Chinese, Japanese or Korean characters."""
    properties = run._r.get_or_add_rPr()
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), font)
    properties.append(element(f'<w:lang w:eastAsia="{language}"/>'))


def shade(cell_or_paragraph: BaseOxmlElement, colour: str) -> None:
    """Fill the background of a table cell's or paragraph's properties with an RGB colour."""
    cell_or_paragraph.append(element(f'<w:shd w:val="clear" w:color="auto" w:fill="{colour}"/>'))


def add_part(document: Document, name: str, xml: str) -> None:
    """Add the part /word/`name`.xml and relate the document to it; `name` is footnotes or endnotes."""
    content_type = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{name}+xml"
    part = Part(PackURI(f"/word/{name}.xml"), content_type, xml.encode(), document.part.package)
    document.part.relate_to(part, {"footnotes": RT.FOOTNOTES, "endnotes": RT.ENDNOTES}[name])
