"""Physical sizes: read as people write them, kept as exact fractions of an inch, rounded to pixels once."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from millhand.core.errors import InvalidArgs
from millhand.engines.chromium.values import CSS_PER_INCH

_MM = Fraction(10, 254)
_UNITS = {
    "in": Fraction(1),
    '"': Fraction(1),
    "mm": _MM,
    "cm": 10 * _MM,
    "pt": Fraction(1, 72),
    "px": Fraction(1, CSS_PER_INCH),
}
_LONGEST = 400  # inches: ten metres
_NUMBER = r'(\d+(?:\.\d+)?|\.\d+)\s*(in|"|mm|cm|pt|px)?'
_LENGTH = re.compile(_NUMBER, re.IGNORECASE)
_SIZE = re.compile(rf"{_NUMBER}\s*[x\u00d7*]\s*{_NUMBER}", re.IGNORECASE)

# ISO 216: each is the half of the one before, rounded down to a millimetre.
_ISO = {
    "a": [(841, 1189), (594, 841), (420, 594), (297, 420), (210, 297), (148, 210), (105, 148), (74, 105)],
    "b": [(1000, 1414), (707, 1000), (500, 707), (353, 500), (250, 353), (176, 250), (125, 176), (88, 125)],
}
_INCHES = {
    "letter": ("8.5", "11"),
    "legal": ("8.5", "14"),
    "tabloid": ("11", "17"),
    "ledger": ("17", "11"),
    "executive": ("7.25", "10.5"),
    "arch-a": ("9", "12"),
    "arch-b": ("12", "18"),
    "arch-c": ("18", "24"),
    "arch-d": ("24", "36"),
    "arch-e": ("36", "48"),
    "ansi-c": ("17", "22"),
    "ansi-d": ("22", "34"),
    "ansi-e": ("34", "44"),
}


@dataclass(frozen=True)
class Size:
    """Width and height in inches."""

    width: Fraction
    height: Fraction

    def turned(self, orientation: str | None) -> "Size":
        """The same paper, upright or lying; as it is for None."""
        lying = self.width > self.height
        if orientation is None or self.width == self.height or lying == (orientation == "landscape"):
            return self
        return Size(self.height, self.width)

    def grown(self, by: Fraction) -> "Size":
        """Larger by so much on every side."""
        return Size(self.width + 2 * by, self.height + 2 * by)


PAPERS: dict[str, Size] = {
    **{
        f"{series}{number}": Size(width * _MM, height * _MM)
        for series, sizes in _ISO.items()
        for number, (width, height) in enumerate(sizes)
    },
    **{name: Size(Fraction(width), Fraction(height)) for name, (width, height) in _INCHES.items()},
}


def size_of(text: str) -> Size:
    """A size such as `18x24in`, `210 x 297 mm`, `1296pt x 1728pt`, `816x1056px` or `A4`; inches if no unit is given.

    Raises `InvalidArgs`.
    """
    paper = PAPERS.get(text.strip().lower().replace("_", "-"))
    if paper is not None:
        return paper
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise InvalidArgs(
            f"'{text}' is no size",
            hint=f"Write such as 18x24in, 210x297mm or 816x1056px, or one of {', '.join(sorted(PAPERS))}.",
        )
    unit = found[4] or "in"
    size = Size(_inches(found[1], found[2] or unit), _inches(found[3], unit))
    if not size.width or not size.height:
        raise InvalidArgs(f"'{text}' is no size: both sides must be above zero")
    if max(size.width, size.height) > _LONGEST:
        raise InvalidArgs(f"'{text}' is too large: a side ends at {_LONGEST} inches")
    return size


def length_of(text: str) -> Fraction:
    """A length such as `3mm`, `0.125in` or `9pt` in inches; inches if no unit is given. Raises `InvalidArgs`."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise InvalidArgs(f"'{text}' is no length", hint="Write such as 3mm, 0.125in or 9pt.")
    return _inches(found[1], found[2] or "in")


def pixels(length: Fraction, dpi: int) -> int:
    """A length in device pixels: the nearest, and half a pixel up. At least one."""
    return max(int(length * dpi + Fraction(1, 2)), 1)


def css_pixels(device: int, dpi: int) -> int:
    """The whole CSS pixels that hold so many device pixels."""
    return ceil(Fraction(device * CSS_PER_INCH, dpi))


def _inches(number: str, unit: str) -> Fraction:
    return Fraction(number) * _UNITS[unit.lower()]
