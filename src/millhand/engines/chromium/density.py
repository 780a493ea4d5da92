"""Resolution written into JPEG and WebP files, in place of what the encoder left open, without re-encoding.

Formats: JFIF 1.02 (APP0 density); the WebP container specification (VP8X flags, EXIF chunk); TIFF 6.0 (resolution).
"""

import struct

from millhand.core.errors import EngineFailed

_JFIF_AT = 6  # after SOI, the APP0 marker and its length
_DENSITY_AT = 13  # unit (1: dots per inch), horizontal and vertical density
_PROFILE_NAME = b"ICC_PROFILE\0"
_EXIF_FLAG = 0x08
_RIFF_HEADER = 12
_SHORT, _RATIONAL, _INCH = 3, 5, 2


def in_jpeg(content: bytes, dpi: int) -> bytes:
    """The picture with its density; raises `EngineFailed` for a JPEG without a JFIF head."""
    if content[_JFIF_AT : _JFIF_AT + 5] != b"JFIF\0":
        raise EngineFailed("the browser gave a JPEG without a JFIF head", code="bad_picture")
    return content[:_DENSITY_AT] + struct.pack(">BHH", 1, dpi, dpi) + content[_DENSITY_AT + 5 :]


def in_webp(content: bytes, dpi: int) -> bytes:
    """The picture with an EXIF chunk; raises `EngineFailed` for a WebP without an extended head."""
    if content[:4] != b"RIFF" or content[12:16] != b"VP8X":
        raise EngineFailed("the browser gave a WebP without an extended head", code="bad_picture")
    added = exif(dpi)
    padding = b"\0" * (len(added) % 2)
    body = bytearray(content[8:] + b"EXIF" + struct.pack("<I", len(added)) + added + padding)
    body[_RIFF_HEADER] |= _EXIF_FLAG
    return b"RIFF" + struct.pack("<I", len(body)) + bytes(body)


def jpeg_profile(content: bytes) -> bytes:
    """The ICC profile that the encoder put into a JPEG: Chromium's own description of sRGB."""
    at = 2
    while content[at : at + 1] == b"\xff" and content[at + 1] != 0xDA:  # noqa: PLR2004 - start of scan
        (length,) = struct.unpack_from(">H", content, at + 2)
        segment = content[at + 4 : at + 2 + length]
        if segment.startswith(_PROFILE_NAME):
            return segment[len(_PROFILE_NAME) + 2 :]
        at += 2 + length
    raise EngineFailed("the browser gave a JPEG without a colour profile", code="bad_picture")


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
    """Width and height from the extended head."""
    width = int.from_bytes(content[24:27], "little") + 1
    return width, int.from_bytes(content[27:30], "little") + 1


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
