"""The colour space of every picture, sRGB, as an ICC profile: some Chromiums write one into a file, others none."""

import struct
from functools import cache
from typing import Any, cast

from PIL import ImageCms

_MADE_AT = slice(24, 36)  # of the profile's head (ICC.1, 7.2.8): year, month, day, hour, minute, second


@cache
def srgb() -> bytes:
    """The profile, always the same bytes."""
    made = cast("Any", ImageCms).createProfile("sRGB")
    profile = bytearray(ImageCms.ImageCmsProfile(made).tobytes())
    profile[_MADE_AT] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(profile)
