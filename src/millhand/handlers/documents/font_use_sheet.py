"""The fonts that the cells of a workbook ask for.

Source: ISO/IEC 29500-1, 18.8.10 (cellXfs) and 18.3.1.4 (c). Left out: headers, footers and drawings.
"""

import re
import zipfile

from millhand.handlers.documents.font_slots import Asked
from millhand.handlers.documents.xml_walk import Attributes, walk

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


def asked_by_sheets(package: zipfile.ZipFile) -> Asked:
    """The families of cells that hold something, and of words inside them."""
    styles = _Styles()
    walk(package, "xl/styles.xml", styles)
    cells = _Cells()
    for name in (*filter(_SHEET.fullmatch, package.namelist()), "xl/sharedStrings.xml"):
        walk(package, name, cells)
    return Asked(sure=frozenset(styles.family(style) for style in cells.styles) | frozenset(cells.families))


class _Styles:
    """The workbook's fonts, and which of them each cell style has."""

    def __init__(self) -> None:
        self._fonts: list[str] = []
        self._of_style: list[str] = []
        self._list = ""

    def start(self, name: str, attributes: Attributes) -> None:
        match name, self._list:
            case (("fonts" | "cellXfs"), _):
                self._list = name
            case "font", "fonts":
                self._fonts.append("")
            case "name", "fonts" if self._fonts:
                self._fonts[-1] = attributes.get("val", "")
            case "xf", "cellXfs":
                self._of_style.append(attributes.get("fontId", "0"))
            case _:
                pass

    def end(self, name: str) -> None:
        if name == self._list:
            self._list = ""

    def text(self, text: str) -> None: ...

    def family(self, style: str) -> str:
        """The font of a cell style by its number."""
        return _at(self._fonts, _at(self._of_style, style))


class _Cells:
    """Collects the styles of cells with content, and fonts of single words."""

    def __init__(self) -> None:
        self.styles: set[str] = set()
        self.families: set[str] = set()
        self._style = ""

    def start(self, name: str, attributes: Attributes) -> None:
        match name:
            case "c":
                self._style = attributes.get("s", "0")
            case "v" | "is":
                self.styles.add(self._style)
            case "rFont":
                self.families.add(attributes.get("val", ""))
            case _:
                pass

    def end(self, name: str) -> None: ...

    def text(self, text: str) -> None: ...


def _at(many: list[str], index: str) -> str:
    number = int(index) if index.isdigit() else 0
    return many[number] if number < len(many) else ""
