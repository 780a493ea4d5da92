"""The sizes that are printed: those that the producers sell, by name and by measure, and any other one by measure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from millhand.core.errors import InvalidArgs, Permanent
from millhand.handlers.pages.sizes import size_of
from millhand.services.page_export.job import LARGEST_SIDE, PrintableMapData

_POINTS = 72
_MM = Decimal("25.4")
_TOLERANCE = 1
"""Points by which a size may differ from a known one and still be meant."""

_SMALLEST_SIDE = Decimal("0.5")
_LANDSCAPE = "-landscape"


class InvalidSize(Permanent):
    """The job's size can't be printed."""

    default_code = "invalid_page_size"
    default_hint = "Send widthInches and heightInches, or a pageSize such as 18x24 or A3."


@dataclass(frozen=True, slots=True)
class PrintSize:
    """A trimmed page, without bleed, in inches."""

    name: str
    width: Decimal
    height: Decimal

    @property
    def orientation(self) -> Literal["portrait", "landscape"]:
        """Which way it lies; a square stands."""
        return "landscape" if self.width > self.height else "portrait"

    @property
    def text(self) -> str:
        """The size as the exporter reads it, exactly."""
        return f"{self.width:f}x{self.height:f}in"

    @property
    def product(self) -> str:
        """The name of the product, as the original worker writes it."""
        paper = self.name if self.name.startswith("A") else f'{float(self.width):g}×{float(self.height):g}"'  # noqa: RUF001 - its sign
        return f"Premium Poster - {paper} ({self.orientation.title()})"

    def turned(self, orientation: str | None) -> "PrintSize":
        """The same paper, upright or lying; as it is for None."""
        if orientation in {None, self.orientation} or self.width == self.height:
            return self
        return replace(self, width=self.height, height=self.width)


def _upright(name: str, width: str, height: str) -> PrintSize:
    return PrintSize(name, Decimal(width), Decimal(height))


_UPRIGHT = (
    _upright("8x10", "8", "10"),
    _upright("12x16", "12", "16"),
    _upright("18x24", "18", "24"),
    _upright("24x36", "24", "36"),
    # The producers know A sizes as rounded inches: 8.27 and not 210 mm, a pixel more at 300 DPI.
    _upright("A4", "8.27", "11.69"),
    _upright("A3", "11.69", "16.54"),
    _upright("A2", "16.54", "23.38"),
    _upright("A1", "23.38", "33.08"),
)


def _by_name() -> dict[str, PrintSize]:
    named: dict[str, PrintSize] = {}
    for size in _UPRIGHT:
        lying = size.turned("landscape")
        other = f"{size.name}{_LANDSCAPE}" if size.name.startswith("A") else "x".join(reversed(size.name.split("x")))
        named |= {size.name: size, other: replace(lying, name=other)}
    return named


SIZES: Mapping[str, PrintSize] = _by_name()
"""The sizes that the producers sell, by their names."""


def size_of_job(told: PrintableMapData) -> PrintSize:
    """The size that a job asks for; raises `InvalidSize`. One that is nearly a known one is that one."""
    if told.width_inches is not None and told.height_inches is not None:
        return _measured(_exact(told.width_inches), _exact(told.height_inches)).turned(told.orientation)
    if told.width is not None and told.height is not None:
        return _native(_exact(told.width), _exact(told.height), told.units or "inches").turned(told.orientation)
    return _named(told.page_size or "").turned(told.orientation)


def _measured(width: Decimal, height: Decimal) -> PrintSize:
    return _known(width, height) or _checked(PrintSize("Custom", width, height))


def _native(width: Decimal, height: Decimal, units: str) -> PrintSize:
    """Millimetres are taken as they are: who sends 210 mm means 210 mm, not the 8.27 in of a table."""
    if units != "mm":
        return _measured(width, height)
    known = _known(width / _MM, height / _MM)
    return _checked(PrintSize(known.name if known else "Custom", width / _MM, height / _MM))


def _known(width: Decimal, height: Decimal) -> PrintSize | None:
    known = (size for size in SIZES.values() if _is_near(size.width, width) and _is_near(size.height, height))
    return next(known, None)


def _is_near(known: Decimal, asked: Decimal) -> bool:
    return abs(known * _POINTS - round(asked * _POINTS)) <= _TOLERANCE


def _named(name: str) -> PrintSize:
    known = {each.lower(): size for each, size in SIZES.items()}
    plain = "".join(name.split()).replace("\u00d7", "x").lower()
    if plain in known:
        return known[plain]
    try:
        size = size_of(name)
    except InvalidArgs as error:
        raise InvalidSize(f"Invalid page size: {name}", hint=error.hint) from None
    width, height = (Decimal(side.numerator) / side.denominator for side in (size.width, size.height))
    return _measured(width, height)


def _checked(size: PrintSize) -> PrintSize:
    if not all(_SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (size.width, size.height)):
        measures = f"{float(size.width):g}×{float(size.height):g}"  # noqa: RUF001 - the original's sign
        raise InvalidSize(
            f"Invalid dimensions: {measures} inches; each side must be {_SMALLEST_SIDE} to {LARGEST_SIDE}",
            code="invalid_dimensions",
        )
    return size


def _exact(number: float) -> Decimal:
    """The number as it was written: 8.27, not what a float makes of it."""
    return Decimal(repr(number))
