"""PNG files written without decoding pixels: metadata spliced in, and strips joined into one stream.

Chromium's fast encoder filters every row by the row above (filter 2, Up). So the rows of a strip can follow those of
another as they are, once the strip's first row says that it has no row above (filter 0, None).
Format: PNG (Third Edition), sections 5, 9 and 11.
"""

import binascii
import struct
import zlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import BinaryIO

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import deflate
from millhand.engines.chromium.rows import NONE, UP, Header, Rows

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
_COLOUR_TYPES = {3: 2, 4: 6}
_GAMMA = 45_455  # what sRGB stands for, to readers that know gAMA alone (section 11.3.2.5)
_OURS = frozenset({b"pHYs", b"sRGB", b"gAMA", b"iCCP", b"cHRM"})
_METRE = Fraction(10_000, 254)  # inches
_PIECE = 1 << 18


def metadata(dpi: int, profile: bytes | None) -> bytes:
    """The chunks that say resolution and colour space: an ICC profile if given, else the sRGB mark."""
    per_metre = round(dpi * _METRE)
    if profile is None:
        colour = chunk(b"sRGB", b"\0") + chunk(b"gAMA", struct.pack(">I", _GAMMA))
    else:
        colour = chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile, 9))
    return colour + chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))


def read_header(png: bytes) -> Header:
    """What the picture's IHDR says; raises `EngineFailed` if it is not a PNG as Chromium writes them."""
    if not png.startswith(SIGNATURE):
        raise EngineFailed("the browser gave something that is no PNG", code="bad_picture")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    if depth != 8 or colour not in _CHANNELS or interlaced:  # noqa: PLR2004 - bits
        raise EngineFailed("the browser gave an unusual PNG", code="bad_picture")
    return Header(width, height, _CHANNELS[colour])


def size(png: bytes) -> tuple[int, int]:
    """Width and height, read from its beginning; raises as `read_header` does."""
    header = read_header(png)
    return header.width, header.height


def splice(png: bytes, added: bytes) -> Iterator[bytes]:
    """The same picture with more chunks after its IHDR, in pieces; those of the same meaning are dropped."""
    yield SIGNATURE
    for name, content in chunks(png):
        if name in _OURS:
            continue
        yield chunk(name, content)
        if name == b"IHDR":
            yield added


def read_rows(png: bytes) -> Rows:
    """The rows of a strip, ready to follow others; raises `EngineFailed` if they are filtered in another way."""
    header = read_header(png)
    data = deflate.inflate(content for name, content in chunks(png) if name == b"IDAT")
    filters = data[:: header.stride]
    if len(data) != header.stride * header.height or filters[0] not in {NONE, UP} or set(filters[1:]) - {UP}:
        raise EngineFailed("the browser filters a PNG's rows in an unknown way", code="bad_picture")
    data[0] = NONE  # above the first row there is nothing but zeros, so Up and None mean the same
    return Rows(header, data)


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG: name and content. Checksums are not looked at: the bytes come from the browser itself."""
    at = len(SIGNATURE)
    while at + 8 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk as it is written."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", binascii.crc32(name + content))


class Writer:
    """Writes a picture row by row, as one stream: it holds a piece of the compressed data, never the picture."""

    def __init__(self, file: BinaryIO, header: Header, added: bytes) -> None:
        self._file = file
        self._left = header.height * header.stride
        self._deflate = deflate.compressor()
        self._pending = bytearray()
        file.write(SIGNATURE)
        colour = _COLOUR_TYPES[header.channels]
        file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", header.width, header.height, 8, colour, 0, 0, 0)))
        file.write(added)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add filtered rows."""
        self._left -= len(data)
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):
            self._put(self._deflate.compress(view[start : start + _PIECE]))

    def write_all(self, pieces: Iterable[bytes | bytearray]) -> None:
        """Add filtered rows, in pieces."""
        for piece in pieces:
            self.write(piece)

    def close(self) -> None:
        """Write what is left and the end mark; raises `EngineFailed` if rows are missing or too many."""
        if self._left:
            raise EngineFailed("the strips do not fill the picture", code="bad_picture")
        self._put(self._deflate.flush())
        if self._pending:
            self._file.write(chunk(b"IDAT", bytes(self._pending)))
        self._file.write(chunk(b"IEND", b""))

    def _put(self, packed: bytes) -> None:
        self._pending += packed
        if len(self._pending) >= _PIECE:
            self._file.write(chunk(b"IDAT", bytes(self._pending)))
            self._pending.clear()
