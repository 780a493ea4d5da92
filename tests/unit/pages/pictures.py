"""Pictures as Chromium's fast encoder writes them, made here so that their parts can be known exactly."""

import io
import random
import struct
import zlib

from PIL import Image

from millhand.engines.chromium.png import SIGNATURE, UP, chunk


def random_rows(width: int, height: int, seed: int, channels: int = 3) -> list[bytes]:
    source = random.Random(seed)  # noqa: S311 - pixels, not secrets
    return [source.randbytes(width * channels) for _ in range(height)]


def png_of(rows: list[bytes], channels: int = 3, more: bytes = b"") -> bytes:
    """A PNG with every row filtered by the row above."""
    width = len(rows[0]) // channels
    filtered, above = bytearray(), bytes(len(rows[0]))
    for row in rows:
        filtered.append(UP)
        filtered += bytes((one - other) % 256 for one, other in zip(row, above, strict=True))
        above = row
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 2 if channels == 3 else 6, 0, 0, 0)
    packed = zlib.compress(bytes(filtered))
    middle = len(packed) // 2
    parts = chunk(b"IDAT", packed[:middle]) + chunk(b"IDAT", packed[middle:])
    return SIGNATURE + chunk(b"IHDR", head) + more + parts + chunk(b"IEND", b"")


def pixels_of(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as image:
        return image.tobytes()
