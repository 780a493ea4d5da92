"""Documents in other formats than Word's: OpenDocument text, RTF, a workbook, slides."""

# python-pptx types every shape as its base class.
# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportArgumentType=false

import io
import zipfile
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, PatternFill
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from scripts.samples.pictures import valley

OPEN_DOCUMENT = "application/vnd.oasis.opendocument.text"
MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest manifest:version="1.2" '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{OPEN_DOCUMENT}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
MINUTES = (
    ("Roof", "The slates over the stairs are loose again. Ines asks two roofers for a price."),
    ("Garden", "The pear tree stays. The vote was five to two, with one abstention for the wasps."),
    ("Money", "There are 1,204 left; the insurance is paid until March."),
)


def minutes() -> bytes:
    """The minutes of a meeting as OpenDocument text, with styles, a list and a table."""
    headings = "".join(
        f'<text:h text:outline-level="2">{title}</text:h><text:p text:style-name="Body">{escape(text)}</text:p>'
        for title, text in MINUTES
    )
    people = "".join(
        f"<text:list-item><text:p>{name}</text:p></text:list-item>" for name in ("Ines", "Tomasz", "Mrs Oyelaran")
    )
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in (("What", "Who", "By"), ("Roofers", "Ines", "10 May"), ("Ladder", "Tomasz", "12 May"))
    )
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2" '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
        'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:automatic-styles>'
        '<style:style style:name="Body" style:family="paragraph"><style:paragraph-properties '
        'fo:margin-bottom="0.3cm" fo:text-align="justify"/></style:style></office:automatic-styles>'
        '<office:body><office:text><text:h text:outline-level="1">Minutes of the house meeting</text:h>'
        f"<text:list>{people}</text:list>{headings}"
        f'<table:table table:name="Tasks"><table:table-column table:number-columns-repeated="3"/>{rows}</table:table>'
        "</office:text></office:body></office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        # The type comes first and uncompressed, so that programs see it without unpacking (ODF 1.2 part 3, 3.3).
        archive.writestr("mimetype", OPEN_DOCUMENT)
        archive.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", MANIFEST, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def announcement() -> bytes:
    """An announcement as Rich Text, with fonts, colours, a table and characters beyond ASCII."""
    row = r"\trowd\trgaph108\cellx3000\cellx6000\intbl %s\cell %s\cell\row"
    lines = (
        r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Times New Roman;}{\f1 Arial;}}",
        r"{\colortbl;\red180\green40\blue40;}\paperw11906\paperh16838",
        r"\pard\qc\f1\fs36\b\cf1 Chamber concert\b0\cf0\par\fs22\f0 in the boiler house\par\pard\par",
        r"Programme: {\i Sonata in G}, three songs by a friend, and what the caf\'e9 piano still plays.\par",
        r"Entry 8\u8239 \u8364? \u8211? children free.\par\par",
        row % ("Doors", "18:30"),
        row % ("First half", "19:00"),
        row % ("Bar closes", "never"),
        r'\pard\par{\field{\*\fldinst HYPERLINK "https://example.org/concert"}{\fldrslt\ul\cf1 Seats}}\par}',
    )
    return "\r\n".join(lines).encode("ascii")


SPENDING = (
    ("Rent", 840, 840, 840),
    ("Heating", 210, 180, 95),
    ("Flour", 64, 71, 58),
    ("Repairs", 0, 320, 45),
)


def workbook() -> bytes:
    """A workbook of two sheets, with formulas, formats and a chart."""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("First quarter")
    sheet.append(["Item", "January", "February", "March", "Sum"])
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="26547C")
    for number, row in enumerate(SPENDING, start=2):
        sheet.append([*row, f"=SUM(B{number}:D{number})"])
    sheet.append(["All", *(f"=SUM({column}2:{column}5)" for column in "BCDE")])
    for row in sheet.iter_rows(min_row=2, min_col=2):
        for cell in row:
            cell.number_format = '#,##0.00 "€"'
    for column in "ABCDE":
        sheet.column_dimensions[column].width = 16
    chart = BarChart()
    chart.title = "Spending"
    chart.add_data(Reference(sheet, min_col=2, max_col=4, min_row=1, max_row=5), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=5))
    sheet.add_chart(chart, "A9")
    notes = book.create_sheet("Notes")
    notes["A1"] = "Repairs: the hinge of the oven door, and in February the chimney."
    notes.column_dimensions["A"].width = 70
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def slides() -> bytes:
    """Four slides: a title, points with levels, a picture, a chart."""
    deck = Presentation()
    title = deck.slides.add_slide(deck.slide_layouts[0])
    title.shapes.title.text = "Keeping the wheel turning"
    title.placeholders[1].text = "A talk in four slides"
    points = deck.slides.add_slide(deck.slide_layouts[1])
    points.shapes.title.text = "What stops a wheel"
    body = points.placeholders[1].text_frame
    body.text = "Ice"
    for level, text in ((1, "at the paddles"), (1, "in the channel"), (0, "Drought"), (0, "Inheritance")):
        paragraph = body.add_paragraph()
        paragraph.text, paragraph.level = text, level
    picture = deck.slides.add_slide(deck.slide_layouts[5])
    picture.shapes.title.text = "The valley"
    picture.shapes.add_picture(valley(), Inches(1.5), Inches(1.8), width=Inches(7))
    chart = deck.slides.add_slide(deck.slide_layouts[5])
    chart.shapes.title.text = "Days at work"
    data = CategoryChartData()
    data.categories = ["2021", "2022", "2023"]
    data.add_series("Days", (291, 305, 262))
    chart.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1.5), Inches(1.8), Inches(7), Inches(4.5), data)
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()
