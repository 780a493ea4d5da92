"""Crop marks around a picture, drawn while its rows stream by: they never become pixels of their own in memory."""

from collections.abc import Iterator

from millhand.engines.chromium.rows import NONE, UP, Header, Rows
from millhand.engines.chromium.values import CropMarks

_WHITE, _BLACK = b"\xff", b"\0"


class Frame:
    """The band around a picture of size `inner`, with a pair of marks at each corner of the trimmed page."""

    def __init__(self, inner: Header, marks: CropMarks) -> None:
        self._inner = inner
        self._marks = marks
        self.outer = Header(inner.width + 2 * marks.band, inner.height + 2 * marks.band, inner.channels)
        self._plain = self._pixels([False] * marks.band)
        self._left = self._pixels([at < self._mark_length for at in range(marks.band)])
        self._right = self._pixels([at >= marks.gap for at in range(marks.band)])
        self._line = 0

    def above(self) -> Iterator[bytes]:
        """The rows above the picture."""
        for at in range(self._marks.band):
            yield bytes([NONE]) + self._band_row(marked=at < self._mark_length)

    def below(self) -> Iterator[bytes]:
        """The rows below the picture."""
        for at in range(self._marks.band):
            yield bytes([NONE]) + self._band_row(marked=at >= self._marks.gap)

    def around(self, rows: Rows) -> Iterator[bytes]:
        """The rows of a strip, with the band to the left and to the right; strips come in order."""
        stride = rows.header.stride
        for at in range(0, len(rows.data), stride):
            left, right = self._sides(self._line)
            if rows.data[at] == UP:
                above_left, above_right = self._sides(self._line - 1)
                left, right = _difference(left, above_left), _difference(right, above_right)
            yield bytes(rows.data[at : at + 1]) + left + bytes(rows.data[at + 1 : at + stride]) + right
            self._line += 1

    @property
    def _mark_length(self) -> int:
        return self._marks.band - self._marks.gap

    def _sides(self, line: int) -> tuple[bytes, bytes]:
        return (self._left, self._right) if self._on_edge(line, self._inner.height) else (self._plain, self._plain)

    def _on_edge(self, at: int, length: int) -> bool:
        """Whether a pixel lies on the line of a trimmed edge, in a picture that is `length` long."""
        first, last = self._marks.bleed, length - self._marks.bleed
        thick = self._marks.thickness
        return first <= at < first + thick or last - thick <= at < last

    def _band_row(self, *, marked: bool) -> bytes:
        band, width = self._marks.band, self._inner.width
        columns = (at - band for at in range(self.outer.width))
        return self._pixels([marked and self._on_edge(at, width) for at in columns])

    def _pixels(self, black: list[bool]) -> bytes:
        opaque = _WHITE * (self._inner.channels - 3)
        return b"".join((_BLACK if one else _WHITE) * 3 + opaque for one in black)


def _difference(row: bytes, above: bytes) -> bytes:
    if row is above:
        return bytes(len(row))
    return bytes((one - other) % 256 for one, other in zip(row, above, strict=True))
