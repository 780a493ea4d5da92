"""The pages that are exported: a drawing like a map's at the sizes that are measured, and a sheet of coloured cells."""

import random
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

CSS_INCH = 96
_SHAPES, _LABELS = 2_500, 400
_CORNERS = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page and its size: inches, and device pixels to the inch."""

    width: float
    height: float
    dpi: int
    html: str

    @property
    def css(self) -> tuple[int, int]:
        """Its size in CSS pixels."""
        return round(self.width * CSS_INCH), round(self.height * CSS_INCH)

    @property
    def pixels(self) -> tuple[int, int]:
        """The size of its picture."""
        return round(self.width * self.dpi), round(self.height * self.dpi)

    @property
    def name(self) -> str:
        """The size of its picture in words."""
        return "{}x{}".format(*self.pixels)


def drawing(width: float, height: float, dpi: int) -> Sheet:
    """Translucent shapes, labels and a gradient, always the same ones."""
    chance = random.Random(1)  # noqa: S311 - a drawing, no secret
    across, down = width * CSS_INCH, height * CSS_INCH
    shapes = "".join(_shape(chance, across, down) for _ in range(_SHAPES))
    labels = "".join(
        f'<text x="{chance.uniform(0, across):.1f}" y="{chance.uniform(0, down):.1f}"'
        f' font-size="{chance.uniform(8, 22):.1f}">Place {number}</text>'
        for number in range(_LABELS)
    )
    style = "html,body{margin:0;overflow:hidden;background:radial-gradient(#fff,#9bd)}svg{display:block}"
    svg = f'<svg width="{across:g}" height="{down:g}" font-family="Liberation Sans">{shapes}{labels}</svg>'
    return Sheet(width, height, dpi, f"<!doctype html><meta charset=utf-8><style>{style}</style>{svg}")


def cells(columns: int, rows: int, dpi: int) -> Sheet:
    """Squares of an inch, of which no two beside one another have the same colour."""
    squares = "".join(
        f"<i style='left:{x}in;top:{y}in;background:rgb{cell_colour(x, y)}'></i>"
        for x in range(columns)
        for y in range(rows)
    )
    style = "html,body{margin:0;overflow:hidden}i{position:absolute;width:1in;height:1in}"
    return Sheet(columns, rows, dpi, f"<!doctype html><style>{style}</style>{squares}")


def cell_colour(x: int, y: int) -> tuple[int, int, int]:
    """The colour of the square in that column and row."""
    return (40 + 3 * x) % 256, (20 + 2 * y) % 256, (61 * x + 7 * y + 131 * x * y) % 256


def wrong_cells(sheet: Sheet, picture: Path) -> int:
    """How many squares have a pixel that is of another colour than theirs; all, if the size is wrong."""
    columns, rows, inch = round(sheet.width), round(sheet.height), sheet.dpi
    with Image.open(picture) as image:
        if image.size != sheet.pixels:
            return columns * rows
        shown = image.convert("RGB")
    return sum(
        shown.crop((x * inch, y * inch, (x + 1) * inch, (y + 1) * inch)).getcolors()
        != [(inch * inch, cell_colour(x, y))]
        for x in range(columns)
        for y in range(rows)
    )


def _shape(chance: random.Random, across: float, down: float) -> str:
    x, y = chance.uniform(0, across), chance.uniform(0, down)
    corners = " ".join(f"L{x + chance.uniform(-90, 90):.1f} {y + chance.uniform(-90, 90):.1f}" for _ in range(_CORNERS))
    look = f'fill="hsl({chance.randrange(360)} 60% 60%)" fill-opacity=".4" stroke="#333" stroke-width=".4"'
    return f'<path d="M{x:.1f} {y:.1f} {corners}Z" {look}/>'
