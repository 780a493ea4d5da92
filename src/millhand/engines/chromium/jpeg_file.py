"""A JPEG file that grows with the strips of its picture.

The picture is encoded in bands of whole blocks, each by itself but with the same tables. After each band stands a
restart marker, at which a decoder forgets what came before; so the bands follow one another as they are, and the
result is the same as of one picture encoded at once. Format: ITU T.81, sections B.2 and E.1.
"""

import io
import struct
from pathlib import Path

from PIL import Image

from millhand.core.errors import EngineFailed
from millhand.engines.chromium.rows import Header, Rows

LONGEST_SIDE = 65_500
"""Pixels: what libjpeg holds, and with it most programs; the format itself ends at 65,535."""

_BLOCK = 16  # pixels, where colour has half the resolution
_MOST_BLOCKS = 65_535  # between two restart markers
_BAND = 4_000_000  # pixels
_START_OF_FRAME, _START_OF_SCAN = 0xC0, 0xDA
_FIRST_RESTART, _RESTARTS = 0xD0, 8
_END = b"\xff\xd9"


class JpegFile:
    """Written as one stream: only what a strip and a band take is ever in memory."""

    def __init__(self, path: Path, size: Header, quality: int, dpi: int, profile: bytes) -> None:
        self.size = size
        self._told = {"quality": quality, "subsampling": "4:2:0", "dpi": (dpi, dpi), "icc_profile": profile}
        self._row = size.width * size.channels
        blocks = -(-size.width // _BLOCK)
        self._blocks = max(1, min(_MOST_BLOCKS // blocks, _BAND // _BLOCK // size.width)) * blocks
        self._rows = self._blocks // blocks * _BLOCK
        self._pending = bytearray()
        self._bands = 0
        self._left = size.height
        self._file = path.open("wb")

    def write(self, rows: Rows) -> None:
        """Add the next rows."""
        for row in rows.plain():
            self._pending += row
            if len(self._pending) == self._rows * self._row:
                self._encode()

    def finish(self) -> None:
        """Write what is left; raises `EngineFailed` if rows are missing."""
        if self._pending:
            self._encode()
        if self._left:
            raise EngineFailed("the strips do not fill the picture", code="bad_picture")
        self._file.write(_END)

    def close(self) -> None:
        """Let go of the file, finished or not."""
        self._file.close()

    def _encode(self) -> None:
        rows = len(self._pending) // self._row
        band = Image.frombytes("RGB", (self.size.width, rows), bytes(self._pending))
        self._pending.clear()
        encoded = io.BytesIO()
        band.save(encoded, "JPEG", **self._told)
        head, scan = _parted(encoded.getvalue(), self.size.height, self._blocks)
        if self._bands:
            self._file.write(bytes([0xFF, _FIRST_RESTART + (self._bands - 1) % _RESTARTS]))
        else:
            self._file.write(head)
        self._file.write(scan)
        self._bands += 1
        self._left -= rows


def _parted(jpeg: bytes, height: int, interval: int) -> tuple[bytes, bytes]:
    """The head of the whole picture, and the coded blocks of this band of it."""
    head, at = bytearray(jpeg[:2]), 2
    while True:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        segment = bytearray(jpeg[at : at + 2 + length])
        at += 2 + length
        if marker == _START_OF_FRAME:
            struct.pack_into(">H", segment, 5, height)
        if marker == _START_OF_SCAN:
            head += struct.pack(">BBHH", 0xFF, 0xDD, 4, interval) + segment
            return bytes(head), jpeg[at:].removesuffix(_END)
        head += segment
