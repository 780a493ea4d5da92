"""Resolution in JPEG and WebP, read back by another program."""

import io

import pytest
from PIL import Image, ImageCms

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import density

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _picture(form: str, **more: object) -> bytes:
    content = io.BytesIO()
    Image.new("RGBA" if more.get("lossless") else "RGB", (31, 17), (200, 30, 90)).save(content, form, **more)
    return content.getvalue()


@pytest.mark.parametrize("own", [{}, {"icc_profile": b"another"}])
def test_jpeg(own: dict[str, object]) -> None:
    old = _picture("JPEG", **own)
    new = density.in_jpeg(old, 300, PROFILE)
    with Image.open(io.BytesIO(new)) as image, Image.open(io.BytesIO(old)) as before:
        assert (image.info["dpi"], image.info["icc_profile"]) == ((300, 300), PROFILE)
        assert image.tobytes() == before.tobytes()
    assert density.jpeg_size(new) == (31, 17)


@pytest.mark.parametrize(
    "own", [{}, {"icc_profile": b"another"}, {"lossless": True}, {"lossless": True, "exact": True}]
)
def test_webp(own: dict[str, object]) -> None:
    old = _picture("WEBP", **own)
    new = density.in_webp(old, 300, PROFILE)
    with Image.open(io.BytesIO(new)) as image, Image.open(io.BytesIO(old)) as before:
        exif = image.getexif()
        assert (exif[282], exif[283], exif[296], image.info["icc_profile"]) == (300, 300, 2, PROFILE)
        assert image.mode == before.mode
        assert image.tobytes() == before.tobytes()
    assert density.webp_size(old) == density.webp_size(new) == (31, 17)


def test_a_transparent_webp_stays_so() -> None:
    content = io.BytesIO()
    Image.new("RGBA", (3, 5), (200, 30, 90, 7)).save(content, "WEBP", lossless=True)
    with Image.open(io.BytesIO(density.in_webp(content.getvalue(), 96, PROFILE))) as image:
        assert image.getpixel((1, 1)) == (200, 30, 90, 7)


def test_what_is_of_another_form_is_refused() -> None:
    with pytest.raises(EngineFailed):
        density.in_jpeg(_picture("WEBP"), 300, PROFILE)
    with pytest.raises(EngineFailed):
        density.in_webp(_picture("JPEG"), 300, PROFILE)
