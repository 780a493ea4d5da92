"""Documents of tables, pictures and page layout."""

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt
from docx.table import Table

from scripts.samples.ooxml import element, page_of_pages, shade
from scripts.samples.pictures import bar_chart, leaf, stars, valley

QUARTERS = {
    "Northern line": (418, 432, 455, 470),
    "Harbour ferry": (96, 141, 188, 102),
    "Hill tram": (207, 199, 214, 231),
    "Night bus": (63, 66, 64, 71),
}


def quarterly_report() -> WordDocument:
    """Tables: merged cells, a repeated heading row, one table inside another; header, footer, page numbers."""
    document = Document()
    section = document.sections[0]
    section.header.paragraphs[0].text = "Riverside Transit\tQuarterly report"
    page_of_pages(section.footer.paragraphs[0])
    section.footer.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER

    document.add_heading("Passengers by line and quarter", 1)
    document.add_paragraph(
        "Counts are in thousands of journeys. The ferry is a summer service: read its quarters beside those of the "
        "year before, not beside one another."
    )
    _passengers(document)
    document.add_picture(bar_chart({line: sum(counts) for line, counts in QUARTERS.items()}), width=Cm(14))
    document.add_paragraph("Journeys in the year, from left: " + ", ".join(QUARTERS) + ".", style="Caption")
    document.add_heading("Disruptions", 1)
    _disruptions(document)
    document.add_heading("Who answers for what", 1)
    _contacts(document)
    return document


def _passengers(document: WordDocument) -> None:
    table = document.add_table(rows=2, cols=6, style="Light Grid Accent 1")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.cell(0, 0).merge(table.cell(1, 0)).text = "Line"
    table.cell(0, 1).merge(table.cell(0, 4)).text = "Quarter"
    table.cell(0, 5).merge(table.cell(1, 5)).text = "Year"
    for column in range(1, 5):
        table.cell(1, column).text = f"Q{column}"
    for line, counts in QUARTERS.items():
        _add_row(table, [line, *map(str, counts), str(sum(counts))])
    totals = [sum(column) for column in zip(*QUARTERS.values(), strict=True)]
    _add_row(table, ["All lines", *map(str, totals), str(sum(totals))])
    for cell in table.rows[-1].cells:
        shade(cell._tc.get_or_add_tcPr(), "DDE6F0")


def _add_row(table: Table, texts: list[str]) -> None:
    for cell, text in zip(table.add_row().cells, texts, strict=True):
        cell.text = text
        if text.isdigit():
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _disruptions(document: WordDocument) -> None:
    """A table over more than one page, whose heading row is repeated."""
    table = document.add_table(rows=1, cols=4, style="Table Grid")
    for cell, text in zip(table.rows[0].cells, ("No.", "Line", "Cause", "Minutes"), strict=True):
        cell.text = text
    table.rows[0]._tr.get_or_add_trPr().append(element("<w:tblHeader/>"))
    causes = (
        "signal fault",
        "flooding at the quay",
        "fallen branch",
        "door failure",
        "staff shortage",
        "ice",
    )
    lines = list(QUARTERS)
    for number in range(1, 61):
        cause = causes[number * 5 % len(causes)]
        _add_row(table, [str(number), lines[number * 7 % len(lines)], cause, str(4 + number * 13 % 57)])


def _contacts(document: WordDocument) -> None:
    table = document.add_table(rows=2, cols=2, style="Table Grid")
    table.cell(0, 0).text = "Operations"
    table.cell(0, 1).text = "Engineering"
    table.cell(1, 0).text = "Control room, day and night"
    inner = table.cell(1, 1).add_table(rows=2, cols=2)
    inner.style = "Table Grid"
    for place, text in enumerate(("Track", "ext. 210", "Vehicles", "ext. 220")):
        inner.cell(place // 2, place % 2).text = text


def picture_catalogue() -> WordDocument:
    """Pictures: JPEG and PNG, in the line and floating with text around them, cropped and turned."""
    document = Document()
    document.add_heading("Prints in stock", 0)
    document.add_paragraph("Plate 1. Valley at dusk, five ridges, in the line of the text:")
    document.add_picture(valley(), width=Cm(15))
    paragraph = document.add_paragraph()
    _float_picture(document, paragraph.add_run()._r, Cm(5), Cm(5))
    paragraph.add_run(
        "Plate 2. Leaf. This picture floats at the right and the text runs around it, as long as there is any: "
        + "the paper is a cotton rag of 300 grams, the ink a pigment that keeps its colour for a lifetime "
        "behind glass, and the edges are left as they came from the mould. " * 4
    )
    document.add_paragraph("Plate 3. Night sky, twice, small and smaller:")
    run = document.add_paragraph().add_run()
    run.add_picture(stars(), width=Cm(6))
    run.add_picture(stars(240, 240), width=Cm(3))
    return document


def _float_picture(document: WordDocument, run: BaseOxmlElement, width: int, height: int) -> None:
    relation, _image = document.part.get_or_add_image(leaf())
    drawing = element(
        "<w:drawing>"
        '<wp:anchor distT="0" distB="0" distL="114300" distR="114300" simplePos="0" relativeHeight="2"'
        ' behindDoc="0" locked="0" layoutInCell="1" allowOverlap="1">'
        '<wp:simplePos x="0" y="0"/>'
        '<wp:positionH relativeFrom="margin"><wp:align>right</wp:align></wp:positionH>'
        '<wp:positionV relativeFrom="paragraph"><wp:posOffset>0</wp:posOffset></wp:positionV>'
        f'<wp:extent cx="{width}" cy="{height}"/><wp:wrapSquare wrapText="bothSides"/>'
        '<wp:docPr id="50" name="Leaf" descr="A green leaf"/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
        '<pic:pic><pic:nvPicPr><pic:cNvPr id="51" name="leaf.png"/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>'
        "</a:graphicData></a:graphic></wp:anchor></w:drawing>",
        "wp",
        "a",
        "pic",
        "r",
    )
    run.append(drawing)


NEWS = (
    ("The bridge is open again", "After eleven weeks the footbridge at the mill carries people once more. "),
    (
        "Swifts are back",
        "The first pair was seen over the school roof on the second of May, two days early. ",
    ),
    ("A new oven", "The bakery has bought an oven twice as deep; bread is now ready by six. "),
    ("Lost and found", "One blue umbrella, three single gloves, and a trombone without its case. "),
)


def newsletter() -> WordDocument:
    """Two columns with a line between them, then a landscape page, then portrait again."""
    document = Document()
    document.add_heading("The Mill Lane News", 0)
    document.add_paragraph("Number 48 · spring · free").alignment = WD_ALIGN_PARAGRAPH.CENTER
    columns = document.add_section(WD_SECTION.CONTINUOUS)
    columns._sectPr.xpath("./w:cols")[0].getparent().replace(
        columns._sectPr.xpath("./w:cols")[0], element('<w:cols w:num="2" w:space="540" w:sep="1"/>')
    )
    for title, text in NEWS:
        document.add_heading(title, 2)
        body = document.add_paragraph(text * 6)
        body.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    _plan(document)
    closing = document.add_section(WD_SECTION.NEW_PAGE)
    closing.orientation = WD_ORIENT.PORTRAIT
    closing.page_width, closing.page_height = closing.page_height, closing.page_width
    document.add_paragraph("Send your news by the end of the month.")
    return document


def _plan(document: WordDocument) -> None:
    wide = document.add_section(WD_SECTION.NEW_PAGE)
    wide.orientation = WD_ORIENT.LANDSCAPE
    wide.page_width, wide.page_height = wide.page_height, wide.page_width
    wide._sectPr.xpath("./w:cols")[0].getparent().replace(
        wide._sectPr.xpath("./w:cols")[0], element('<w:cols w:space="720"/>')
    )
    document.add_heading("The year on one page", 1)
    table = document.add_table(rows=4, cols=12, style="Table Grid")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    for column, month in enumerate(months):
        table.cell(0, column).text = month
        table.cell(1 + column % 3, column).text = ("market", "concert", "clean-up")[column % 3]
        for paragraph in table.columns[column].cells[0].paragraphs:
            paragraph.runs[0].font.size = Pt(9)


WORD_SHAPES = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def flyer() -> WordDocument:
    """Text boxes and shapes, each with the older drawing beside it for programs that know only that."""
    document = Document()
    document.add_heading("Summer fair", 0)
    document.add_paragraph("Saturday, on the green, from noon until the band goes home.")
    boxes = (
        ("Cakes and preserves", "ellipse", "FCE4D6", 0, 1200000),
        ("Three-legged race at two", "roundRect", "DDEBF7", 2700000, 1200000),
        ("Lost children: at the tea tent", "rect", "E2EFDA", 1350000, 2900000),
        ("This way", "rightArrow", "FFF2CC", 3700000, 3050000),
    )
    anchor = document.add_paragraph()
    for number, (text, shape, colour, left, top) in enumerate(boxes, start=1):
        anchor.add_run()._r.append(_shape(number, text, shape, colour, left, top))
    document.add_paragraph("If it rains, the fair is in the barn.").paragraph_format.space_before = Pt(380)
    return document


def _shape(number: int, text: str, shape: str, colour: str, left: int, top: int) -> BaseOxmlElement:
    content = (
        f'<w:txbxContent><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p></w:txbxContent>'
    )
    points = f"margin-left:{left / 12700}pt;margin-top:{top / 12700}pt;width:177pt;height:92pt"
    return element(
        f"<mc:AlternateContent {WORD_SHAPES}>"
        '<mc:Choice Requires="wps"><w:drawing><wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0"'
        f' relativeHeight="{number}" behindDoc="0" locked="0" layoutInCell="1" allowOverlap="1">'
        '<wp:simplePos x="0" y="0"/>'
        f'<wp:positionH relativeFrom="margin"><wp:posOffset>{left}</wp:posOffset></wp:positionH>'
        f'<wp:positionV relativeFrom="margin"><wp:posOffset>{top}</wp:posOffset></wp:positionV>'
        '<wp:extent cx="2250000" cy="1170000"/><wp:wrapNone/>'
        f'<wp:docPr id="{100 + number}" name="Shape {number}"/>'
        '<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">'
        '<wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="2250000" cy="1170000"/></a:xfrm>'
        f'<a:prstGeom prst="{shape}"><a:avLst/></a:prstGeom><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'
        '<a:ln w="15875"><a:solidFill><a:srgbClr val="44546A"/></a:solidFill></a:ln></wps:spPr>'
        f'<wps:txbx>{content}</wps:txbx><wps:bodyPr anchor="ctr"/></wps:wsp>'
        "</a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice>"
        f'<mc:Fallback><w:pict><v:rect style="position:absolute;{points}" fillcolor="#{colour}">'
        f"<v:textbox>{content}</v:textbox></v:rect></w:pict></mc:Fallback></mc:AlternateContent>"
    )
