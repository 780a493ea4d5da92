"""Joining strips into one file, each join proven before it is written."""

from typing import Protocol

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import png, strips
from millhand.engines.chromium.errors import PageUnstable
from millhand.engines.chromium.rows import Header, Rows
from millhand.engines.chromium.strips import Area, Strip


class PictureFile(Protocol):
    """A file that is written row by row."""

    size: Header

    def write(self, rows: Rows) -> None:
        """Add the next rows."""
        ...

    def finish(self) -> None:
        """Write what is left; raises `EngineFailed` if rows are missing."""
        ...

    def close(self) -> None:
        """Let go of the file, finished or not."""
        ...


class Joiner:
    """Takes the strips of a picture in their order, and writes them into its file."""

    def __init__(self, file: PictureFile, channels: int) -> None:
        self._file = file
        self._channels = channels
        self._above = b""

    def add(self, strip: Strip, content: bytes, shared_with_next: int) -> None:
        """Add a strip, given as a PNG; the next one shares so many rows. Raises `PageUnstable`, `EngineFailed`."""
        rows = png.read_rows(content).cut(strip.area.width, strip.area.height)
        must_be((rows.header.width, rows.header.height), strip.area)
        if rows.header.channels < self._channels:
            rows = rows.with_alpha()  # the browser leaves it out of a strip in which nothing is transparent
        if rows.header.channels != self._channels:
            raise EngineFailed("a strip is transparent, though the page was to be opaque", code="bad_picture")
        if strip.overlap:
            if not strips.fits(self._above, rows.first(strip.overlap)):
                raise PageUnstable("The page changed while it was captured: two strips of it do not fit together.")
            rows = rows.without_first(strip.overlap)
        self._file.write(rows)
        self._above = rows.last(shared_with_next) if shared_with_next else b""


def must_be(size: tuple[int, int], area: Area) -> None:
    """Raise `EngineFailed` unless a picture has the size of the area that was to be captured."""
    if size != (area.width, area.height):
        raise EngineFailed(
            f"the browser gave {size[0]} x {size[1]} pixels instead of {area.width} x {area.height}",
            code="bad_picture",
        )
