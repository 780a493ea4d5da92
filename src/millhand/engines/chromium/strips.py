"""How a large picture is parted into strips, and the proof that they fit together."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from millhand.engines.chromium.png import Rows

_BAND = 8  # device pixels at least that are compared on either side of a join
_QUARTER_PIXEL = 80  # of 255: a quarter of the full contrast, and some for smoothing
_SOME = 0.1  # of the bytes of a band


@dataclass(frozen=True)
class Area:
    """A part of the page in device pixels."""

    x: int
    y: int
    width: int
    height: int

    def clip(self, scale: Fraction) -> dict[str, float]:
        """The same in CSS pixels, as the browser is told."""
        sides = {"x": self.x, "y": self.y, "width": self.width, "height": self.height}
        return {name: float(Fraction(side) / scale) for name, side in sides.items()} | {"scale": 1.0}


def parted(area: Area, scale: Fraction, pixels: int) -> list[Area]:
    """Strips of the area from top to bottom, each of at most about `pixels`.

    They begin where a CSS pixel and a device pixel begin together, so that no strip is shifted by a part of a pixel.
    """
    step = scale.numerator
    rows = max(pixels // area.width // step, 1) * step
    return [Area(area.x, area.y + top, area.width, min(rows, area.height - top)) for top in range(0, area.height, rows)]


def around_join(above: Area, below: Area, scale: Fraction) -> Area:
    """The band across a join that is captured a second time."""
    reach = -(-_BAND // scale.numerator) * scale.numerator
    top = min(reach, above.height)
    return Area(below.x, below.y - top, below.width, top + min(reach, below.height))


def fits(above: Rows, below: Rows, band: Rows, rows_above: int) -> bool:
    """Whether every pixel of `band` is what the two strips say; `rows_above` of its rows lie above the join.

    Text may differ a little: where a glyph lies just between two of the quarter pixels that the browser knows, it may
    go to either. What moved, changed or is missing differs by more, or in more places.
    """
    if _equal(above, below, band, rows_above):
        return True
    stride = band.header.stride
    rows_below = band.header.height - rows_above
    told = [*_last_rows(above, rows_above), *_true_rows(below.data[: rows_below * stride], stride)]
    differing = 0
    for one, other in zip(told, _true_rows(band.data, stride), strict=True):
        if one != other:
            differences = [abs(a - b) for a, b in zip(one, other, strict=True) if a != b]
            differing += len(differences)
            if max(differences) > _QUARTER_PIXEL:
                return False
    return differing <= _SOME * len(band.data)


def _equal(above: Rows, below: Rows, band: Rows, rows_above: int) -> bool:
    """Whether all bytes are equal, seen without undoing the filter.

    The bytes of a row are differences to the row above. Equal differences and one equal row make all rows equal, so
    only the row before the join and the one after it are added up.
    """
    stride = band.header.stride
    split = rows_above * stride
    end_above, data = above.data, band.data
    after = data[split + stride :]
    return (
        data[stride:split] == end_above[len(end_above) - split + stride :]
        and after == below.data[stride : stride + len(after)]
        and _added_up(data[:split], stride) == _added_up(end_above, stride)
        and _added_up(data[: split + stride], stride) == bytes(below.data[1:stride])
    )


def _last_rows(rows: Rows, number: int) -> list[bytes]:
    """The true bytes of the last rows: from the last one, which is the sum of all, upwards."""
    stride = rows.header.stride
    row = _added_up(rows.data, stride)
    found = [row]
    for step in reversed(list(_rows(rows.data[len(rows.data) - (number - 1) * stride :], stride))):
        row = bytes((one - other) % 256 for one, other in zip(row, step, strict=True))
        found.insert(0, row)
    return found


def _true_rows(data: bytearray, stride: int) -> Iterator[bytes]:
    row = bytes(stride - 1)
    for step in _rows(data, stride):
        row = bytes((one + other) % 256 for one, other in zip(row, step, strict=True))
        yield row


def _added_up(rows: bytearray, stride: int) -> bytes:
    """The true bytes of the last of these rows: the sum of all, byte by byte, modulo 256.

    Whole rows are added as big numbers: every second byte in a lane of 16 bits, which holds 256 rows before it is cut
    back to a byte.
    """
    width = stride - 1
    mask = int.from_bytes(b"\xff\0" * ((width + 1) // 2), "little")
    even = odd = 0
    for number, row in enumerate(_rows(rows, stride), 1):
        value = int.from_bytes(row, "little")
        even += value & mask
        odd += (value >> 8) & mask
        if number % 255 == 0:
            even, odd = even & mask, odd & mask
    total = (even & mask) | ((odd & mask) << 8)
    return total.to_bytes(width + 2, "little")[:width]


def _rows(data: bytearray, stride: int) -> Iterator[memoryview]:
    view = memoryview(data)
    for at in range(0, len(data), stride):
        yield view[at + 1 : at + stride]
