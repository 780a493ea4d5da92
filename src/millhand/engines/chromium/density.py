"""Resolution and colour space written into JPEG and WebP files, in place of what the encoder left open or said.

Nothing is encoded anew. Formats: JFIF 1.02 (APP0 density); ICC.1, annex B.4 (APP2); the WebP container specification
(VP8X flags, ICCP and EXIF chunks) and bitstreams (RFC 6386 9.1, RFC 9649 3.4); TIFF 6.0 (resolution).
"""

import struct
from collections.abc import Iterator

from millhand.core.errors import EngineFailed

_JFIF_AT = 6  # after SOI, the APP0 marker and its length
_DENSITY_AT = 13  # unit (1: dots per inch), horizontal and vertical density
_PROFILE_NAME = b"ICC_PROFILE\0"
_EXIF_FLAG, _ALPHA_FLAG, _ICC_FLAG = 0x08, 0x10, 0x20
_SIDE = 0x3FFF  # of 14 bits
_VP8L_ALPHA = 0x10  # in the last byte of its head
_RIFF_HEADER = 12
_SHORT, _RATIONAL, _INCH = 3, 5, 2


def in_jpeg(content: bytes, dpi: int, profile: bytes) -> bytes:
    """The picture with its density, and this ICC profile instead of its own, if it has one.

    Raises `EngineFailed` for a JPEG without a JFIF head.
    """
    if content[_JFIF_AT : _JFIF_AT + 5] != b"JFIF\0":
        raise EngineFailed("the browser gave a JPEG without a JFIF head", code="bad_picture")
    segments = list(_jpeg_segments(content))
    pixels = content[2 + sum(map(len, segments)) :]
    head = segments[0][: _DENSITY_AT - 2] + struct.pack(">BHH", 1, dpi, dpi) + segments[0][_DENSITY_AT + 3 :]
    others = [each for each in segments[1:] if not each[4:].startswith(_PROFILE_NAME)]
    told = _PROFILE_NAME + b"\x01\x01" + profile
    named = b"\xff\xe2" + struct.pack(">H", len(told) + 2) + told
    return b"".join([content[:2], head, named, *others, pixels])


def in_webp(content: bytes, dpi: int, profile: bytes) -> bytes:
    """The picture with an EXIF chunk and this ICC profile, instead of its own; raises `EngineFailed` if it is none."""
    width, height = webp_size(content)
    kept = [(name, data) for name, data in _webp_chunks(content) if name not in {b"VP8X", b"ICCP", b"EXIF"}]
    transparent = any(name == b"ALPH" or (name == b"VP8L" and data[4] & _VP8L_ALPHA) for name, data in kept)
    flags = _ICC_FLAG | _EXIF_FLAG | (_ALPHA_FLAG if transparent else 0)
    head = struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = [(b"VP8X", head), (b"ICCP", profile), *kept, (b"EXIF", exif(dpi))]
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height from the frame header (SOF0 to SOF2)."""
    at = 2
    while at + 9 < len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xC2:  # noqa: PLR2004 - ITU T.81, table B.1
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 2 + length
    raise EngineFailed("the browser gave a JPEG without a frame", code="bad_picture")


def webp_size(content: bytes) -> tuple[int, int]:
    """Width and height, of each of the three ways to write a WebP; raises `EngineFailed` if it is none of them."""
    name, data = next(_webp_chunks(content), (b"", b""))
    if name == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if name == b"VP8L":
        packed = int.from_bytes(data[1:5], "little")
        return (packed & _SIDE) + 1, (packed >> 14 & _SIDE) + 1
    if name == b"VP8 ":
        return int.from_bytes(data[6:8], "little") & _SIDE, int.from_bytes(data[8:10], "little") & _SIDE
    raise EngineFailed("the browser gave something that is no WebP", code="bad_picture")


def exif(dpi: int) -> bytes:
    """A TIFF head with one directory: X and Y resolution, and that their unit is the inch."""
    values_at = 8 + 2 + 3 * 12 + 4
    entries = (
        struct.pack("<HHII", 0x011A, _RATIONAL, 1, values_at),
        struct.pack("<HHII", 0x011B, _RATIONAL, 1, values_at + 8),
        struct.pack("<HHIHH", 0x0128, _SHORT, 1, _INCH, 0),
    )
    values = struct.pack("<IIII", dpi, 1, dpi, 1)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + struct.pack("<I", 0) + values


def _jpeg_segments(content: bytes) -> Iterator[bytes]:
    """What stands before the pixels, each with its marker and length."""
    at = 2
    while content[at : at + 1] == b"\xff" and content[at + 1] != 0xDA:  # noqa: PLR2004 - start of scan
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        yield content[at:end]
        at = end


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = _RIFF_HEADER if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else len(content)
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
