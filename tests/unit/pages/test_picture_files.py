"""JPEG and WebP written strip by strip are what the same picture becomes at once."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import jpeg_file, png
from millhand.engines.chromium.joining import PictureFile
from millhand.engines.chromium.jpeg_file import JpegFile
from millhand.engines.chromium.rows import Header
from millhand.engines.chromium.webp_file import WebpFile
from tests.unit.pages.pictures import png_of

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A smooth picture, as encoders like them."""
    fields = [Image.linear_gradient("L"), Image.radial_gradient("L"), Image.effect_noise((64, 64), 40)]
    return Image.merge(mode, [field.resize((width, height)) for field in (*fields, fields[0])[: len(mode)]])


def _write(file: PictureFile, picture: Image.Image, heights: list[int]) -> None:
    channels, at = len(picture.mode), 0
    for height in heights:
        part = picture.crop((0, at, picture.width, at + height)).tobytes()
        stride = picture.width * channels
        rows = [part[start : start + stride] for start in range(0, len(part), stride)]
        file.write(png.read_rows(png_of(rows, channels)))
        at += height


@pytest.mark.parametrize("width", [33, 160])
@pytest.mark.parametrize("heights", [[7, 70, 1, 22], [100], [48, 52]])
def test_a_jpeg_of_strips_is_pixel_for_pixel_the_jpeg_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, heights: list[int]
) -> None:
    monkeypatch.setattr(jpeg_file, "_BAND", 2 * 16 * width)
    picture = _picture(width, 100)
    file = JpegFile(tmp_path / "a.jpg", Header(width, 100, 3), 83, 300, PROFILE)
    _write(file, picture, heights)
    file.finish()
    file.close()
    whole = io.BytesIO()
    picture.save(whole, "JPEG", quality=83, subsampling="4:2:0")
    with Image.open(tmp_path / "a.jpg") as made, Image.open(whole) as expected:
        assert made.info["dpi"] == (300, 300)
        assert made.info["icc_profile"] == PROFILE
        assert made.size == expected.size
        assert made.tobytes() == expected.tobytes()


def test_more_restart_markers_than_there_are_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_file, "_BAND", 1)
    picture = _picture(20, 16 * 19 + 5)
    file = JpegFile(tmp_path / "a.jpg", Header(20, picture.height, 3), 90, 96, PROFILE)
    _write(file, picture, [picture.height])
    file.finish()
    file.close()
    whole = io.BytesIO()
    picture.save(whole, "JPEG", quality=90, subsampling="4:2:0")
    with Image.open(tmp_path / "a.jpg") as made, Image.open(whole) as expected:
        assert made.tobytes() == expected.tobytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_webp_of_strips(tmp_path: Path, mode: str) -> None:
    picture = _picture(50, 90, mode)
    file = WebpFile(tmp_path / "a.webp", Header(50, 90, len(mode)), 80, 150, PROFILE)
    _write(file, picture, [30, 60])
    file.finish()
    file.close()
    whole = io.BytesIO()
    picture.save(whole, "WEBP", quality=80, method=3)
    with Image.open(tmp_path / "a.webp") as made, Image.open(whole) as expected:
        assert (made.size, made.mode) == ((50, 90), mode)
        assert made.tobytes() == expected.tobytes()
        assert (made.getexif()[282], made.info["icc_profile"]) == (150, PROFILE)


@pytest.mark.parametrize("make", [JpegFile, WebpFile])
def test_a_missing_strip_is_noticed(tmp_path: Path, make: type[JpegFile | WebpFile]) -> None:
    file = make(tmp_path / "a", Header(20, 40, 3), 80, 96, PROFILE)
    _write(file, _picture(20, 40), [25])
    with pytest.raises(EngineFailed):
        file.finish()
    file.close()
