"""Rows of a picture as Chromium's fast PNG encoder leaves them: differences to the row above, never undone as a whole.

A row is added to another as one big number, which is quicker than any loop over its bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

NONE, UP = 0, 2
"""The two row filters of PNG that occur (PNG, Third Edition, section 9.2)."""
_RGBA = 4  # channels


@dataclass(frozen=True)
class Header:
    """The size of a picture in pixels, and its bytes for each pixel (3: RGB, 4: RGBA)."""

    width: int
    height: int
    channels: int

    @property
    def stride(self) -> int:
        """Bytes of a row, its filter byte included."""
        return self.width * self.channels + 1


@dataclass(frozen=True)
class Rows:
    """Filtered rows of a picture, the first of them with filter None, the others Up."""

    header: Header
    data: bytearray | memoryview

    def plain(self, start: int = 0) -> Iterator[bytes]:
        """The true bytes of each row from `start` on."""
        stride, width = self.header.stride, self.header.stride - 1
        low = int.from_bytes(b"\x7f" * width, "little")
        high = int.from_bytes(b"\x80" * width, "little")
        view, row = memoryview(self.data), 0
        for number, at in enumerate(range(1, len(view), stride)):
            more = int.from_bytes(view[at : at + width], "little")
            # Added byte by byte, modulo 256: the highest bits apart, so that nothing is carried to the next byte.
            row = ((row & low) + (more & low)) ^ ((row ^ more) & high)
            if number >= start:
                yield row.to_bytes(width, "little")

    def first(self, number: int) -> bytes:
        """The true bytes of the first rows."""
        return b"".join(islice(self.plain(), number))

    def last(self, number: int) -> bytes:
        """The true bytes of the last rows."""
        return b"".join(self.plain(self.header.height - number))

    def without_first(self, number: int) -> "Rows":
        """The rows that follow, the first of them with its true bytes; they take the place of these, uncopied."""
        stride = self.header.stride
        row = next(self.plain(number))
        data = memoryview(self.data)[number * stride :]
        data[0] = NONE
        data[1:stride] = row
        return Rows(Header(self.header.width, self.header.height - number, self.header.channels), data)

    def cut(self, width: int, height: int) -> "Rows":
        """What lies within this size, from the first pixel on: the columns of differences do not know one another."""
        old, new = self.header, Header(width, height, self.header.channels)
        if (old.width, old.height) == (width, height) or old.width < width or old.height < height:
            return self
        lines = (self.data[at : at + new.stride] for at in range(0, height * old.stride, old.stride))
        return Rows(new, bytearray(b"".join(lines)))

    def with_alpha(self) -> "Rows":
        """The same rows with an opaque alpha channel; themselves, if they have one."""
        old = self.header
        if old.channels == _RGBA:
            return self
        new = Header(old.width, old.height, _RGBA)
        data = bytearray(new.stride * new.height)
        for line in range(new.height):
            row = self.data[line * old.stride : (line + 1) * old.stride]
            at, end = line * new.stride, (line + 1) * new.stride
            data[at] = row[0]
            for channel in range(old.channels):
                data[at + 1 + channel : end : _RGBA] = row[1 + channel :: old.channels]
        # Alpha does not differ from row to row, so it stands in the first one alone.
        data[_RGBA : new.stride : _RGBA] = b"\xff" * new.width
        return Rows(new, data)
