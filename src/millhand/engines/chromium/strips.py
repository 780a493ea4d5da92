"""How a large picture is parted into strips that overlap, and the proof that they fit together."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

_BAND = 8  # device pixels at least that two strips share, which are compared
_QUARTER_PIXEL = 80  # of 255: a quarter of the full contrast, and some for smoothing
_SOME = 0.1  # of the bytes of a band


@dataclass(frozen=True)
class Area:
    """A part of the page in device pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.width * self.height

    def clip(self, scale: Fraction) -> dict[str, float]:
        """The same in CSS pixels, as the browser is told."""
        sides = {"x": self.x, "y": self.y, "width": self.width, "height": self.height}
        return {name: float(Fraction(side) / scale) for name, side in sides.items()} | {"scale": 1.0}

    def outward(self, scale: Fraction) -> "Area":
        """The area that ends with a whole CSS pixel to the right and below, or a part of a device pixel later."""
        width, height = (ceil(ceil(side / scale) * scale) for side in (self.width, self.height))
        return Area(self.x, self.y, width, height)


@dataclass(frozen=True)
class Strip:
    """What is captured at once; the first `overlap` rows of it are those that the strip above ends with."""

    area: Area
    overlap: int


def parted(area: Area, scale: Fraction, pixels: int) -> list[Strip]:
    """Strips of the area from top to bottom, of about `pixels` each, and what it shares with the one above.

    They begin where a CSS pixel and a device pixel begin together, so that no strip is shifted by a part of a pixel.
    """
    step = scale.numerator
    rows = max(pixels // area.width // step, 1) * step
    shared = -(-_BAND // step) * step
    strips: list[Strip] = []
    for top in range(0, area.height, rows):
        overlap = min(shared, top)
        height = min(rows, area.height - top) + overlap
        strips.append(Strip(Area(area.x, area.y + top - overlap, area.width, height), overlap))
    return strips


def fits(above: bytes, below: bytes) -> bool:
    """Whether two strips show the same in the rows that they share, given as true bytes.

    Text may differ a little: where a glyph lies just between two of the quarter pixels that the browser knows, it may
    go to either. What moved, changed or is missing differs by more, or in more places.
    """
    if above == below:
        return True
    differences = [abs(one - other) for one, other in zip(above, below, strict=True) if one != other]
    return max(differences) <= _QUARTER_PIXEL and len(differences) <= _SOME * len(above)
