"""Resolution in JPEG and WebP, read back by another program."""

import io

import pytest
from PIL import Image, ImageCms

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import density

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _picture(form: str, **more: object) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (31, 17), (200, 30, 90)).save(content, form, icc_profile=PROFILE, **more)
    return content.getvalue()


def test_jpeg() -> None:
    old = _picture("JPEG")
    new = density.in_jpeg(old, 300)
    with Image.open(io.BytesIO(new)) as image, Image.open(io.BytesIO(old)) as before:
        assert image.info["dpi"] == (300, 300)
        assert image.tobytes() == before.tobytes()
    assert density.jpeg_size(new) == (31, 17)
    assert density.jpeg_profile(new) == PROFILE


def test_webp() -> None:
    old = _picture("WEBP", lossless=True)
    new = density.in_webp(old, 300)
    with Image.open(io.BytesIO(new)) as image, Image.open(io.BytesIO(old)) as before:
        exif = image.getexif()
        assert (exif[282], exif[283], exif[296]) == (300, 300, 2)
        assert image.convert("RGB").tobytes() == before.convert("RGB").tobytes()
    assert density.webp_size(new) == (31, 17)


def test_what_is_of_another_form_is_refused() -> None:
    with pytest.raises(EngineFailed):
        density.in_jpeg(_picture("WEBP"), 300)
    with pytest.raises(EngineFailed):
        density.in_webp(_picture("JPEG"), 300)
    with pytest.raises(EngineFailed):
        density.jpeg_profile(b"\xff\xd8\xff\xda")
