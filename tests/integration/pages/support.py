"""Exporting in tests, and reading what came out."""

from pathlib import Path

import pypdfium2
from PIL import Image

from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.site import of_html
from millhand.engines.chromium.values import Exported, PageLimits
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.order import order_of

Image.MAX_IMAGE_PIXELS = None
QUICK = PageLimits(seconds=40)


class Exporter:
    """Exports by an engine into a folder, by the same way as the handler."""

    def __init__(self, engine: Chromium, folder: Path) -> None:
        self.engine = engine
        self.folder = folder

    def export(self, name: str, limits: PageLimits = QUICK, **told: object) -> Exported:
        args = ExportPage.model_validate({"target": f"memory://test/{name}", **told})
        source = args.url or of_html(args.html)
        return self.engine.export(order_of(args, source), self.path(name), limits)

    def path(self, name: str) -> Path:
        return self.folder / name

    def picture(self, name: str) -> Image.Image:
        with Image.open(self.path(name)) as image:
            image.load()
            return image


def pdf_text(path: Path) -> list[str]:
    """The text of each page."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def cells(columns: int, rows: int, inch: int = 96) -> str:
    """A page of inch squares, each of a colour that no other has."""
    squares = "".join(
        f"<i style='left:{x * inch}px;top:{y * inch}px;background:rgb({_colour(x, y)})'></i>"
        for x in range(columns)
        for y in range(rows)
    )
    style = f"html,body{{margin:0;overflow:hidden}}i{{position:absolute;width:{inch}px;height:{inch}px}}"
    return f"<!doctype html><style>{style}</style>{squares}"


def cell_colour(x: int, y: int) -> tuple[int, int, int]:
    """The colour of the square in that column and row."""
    number = x * 61 + y * 7 + (x * y) * 131
    return (40 + x * 3) % 256, (20 + y * 2) % 256, number % 256


def _colour(x: int, y: int) -> str:
    return ",".join(map(str, cell_colour(x, y)))
