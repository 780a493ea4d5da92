"""A WebP file made of the strips of its picture: the encoder wants the whole picture, so it is held in memory."""

from pathlib import Path

from PIL import Image

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import density
from millhand.engines.chromium.rows import Header, Rows

LONGEST_SIDE = 16_383
"""Pixels, by the format."""
MOST_PIXELS = 160_000_000
"""What is encoded here: it takes some 10 bytes of memory for each."""

_METHOD = 3  # of 0 (quick) to 6 (small); what Chromium takes


class WebpFile:
    """Holds the picture until it is whole."""

    def __init__(self, path: Path, size: Header, quality: int, dpi: int, profile: bytes) -> None:
        self.size = size
        self._path = path
        self._told = {"quality": quality, "method": _METHOD, "exif": density.exif(dpi), "icc_profile": profile}
        self._mode = "RGBA" if size.channels == 4 else "RGB"  # noqa: PLR2004 - red, green, blue, alpha
        self._image = Image.new(self._mode, (size.width, size.height))
        self._at = 0

    def write(self, rows: Rows) -> None:
        """Add the next rows."""
        size = (rows.header.width, rows.header.height)
        self._image.paste(Image.frombytes(self._mode, size, b"".join(rows.plain())), (0, self._at))
        self._at += rows.header.height

    def finish(self) -> None:
        """Encode the picture; raises `EngineFailed` if rows are missing."""
        if self._at != self.size.height:
            raise EngineFailed("the strips do not fill the picture", code="bad_picture")
        self._image.save(self._path, "WEBP", **self._told)

    def close(self) -> None:
        """Let go of the picture."""
        self._image.close()
