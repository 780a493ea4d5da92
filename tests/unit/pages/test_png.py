"""PNG without decoding: metadata spliced in, strips joined, and joins that are proven."""

import io
import struct
import zlib

import pytest
from PIL import Image

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import png
from millhand.engines.chromium.frame import Frame
from millhand.engines.chromium.rows import Header
from millhand.engines.chromium.values import CropMarks
from tests.unit.pages.pictures import pixels_of, png_of, random_rows


def test_metadata_is_spliced_in_and_pixels_stay() -> None:
    rows = random_rows(7, 5, 1)
    old = png_of(rows, more=png.chunk(b"pHYs", struct.pack(">IIB", 1, 1, 1)))
    new = b"".join(png.splice(old, png.metadata(300, None)))
    names = [name for name, _ in png.chunks(new)]
    assert names[:4] == [b"IHDR", b"sRGB", b"gAMA", b"pHYs"]
    assert names.count(b"pHYs") == 1
    with Image.open(io.BytesIO(new)) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        assert image.tobytes() == b"".join(rows)
    assert struct.pack(">IIB", 11811, 11811, 1) in new


def test_a_profile_takes_the_place_of_the_mark() -> None:
    new = b"".join(png.splice(png_of(random_rows(2, 2, 1)), png.metadata(96, b"a profile")))
    with Image.open(io.BytesIO(new)) as image:
        assert image.info["icc_profile"] == b"a profile"
    assert b"sRGB" not in [name for name, _ in png.chunks(new)]


@pytest.mark.parametrize("channels", [3, 4])
def test_strips_become_one_picture(channels: int) -> None:
    rows = random_rows(9, 20, 2, channels)
    file = io.BytesIO()
    writer = png.Writer(file, Header(9, 20, channels), png.metadata(300, None))
    for part in (rows[:8], rows[8:16], rows[16:]):
        writer.write(png.read_rows(png_of(part, channels)).data)
    writer.close()
    assert pixels_of(file.getvalue()) == b"".join(rows)


def test_a_missing_strip_is_noticed() -> None:
    writer = png.Writer(io.BytesIO(), Header(9, 20, 3), b"")
    writer.write(png.read_rows(png_of(random_rows(9, 8, 1))).data)
    with pytest.raises(EngineFailed):
        writer.close()


def test_other_filters_are_refused_rather_than_garbled() -> None:
    packed = zlib.compress(b"\x01abcabc" * 2)
    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    paeth = png.SIGNATURE + png.chunk(b"IHDR", head) + png.chunk(b"IDAT", packed) + png.chunk(b"IEND", b"")
    with pytest.raises(EngineFailed):
        png.read_rows(paeth)


def test_crop_marks_stand_around_the_picture() -> None:
    marks = CropMarks(band=10, bleed=3, gap=2, thickness=1)
    rows = random_rows(20, 30, 7)
    frame = Frame(Header(20, 30, 3), marks)
    file = io.BytesIO()
    writer = png.Writer(file, frame.outer, b"")
    writer.write_all(frame.above())
    writer.write_all(frame.around(png.read_rows(png_of(rows[:16]))))
    writer.write_all(frame.around(png.read_rows(png_of(rows[16:]))))
    writer.write_all(frame.below())
    writer.close()
    with Image.open(io.BytesIO(file.getvalue())) as image:
        assert image.size == (40, 50)
        assert image.crop((10, 10, 30, 40)).tobytes() == b"".join(rows)
        black = {
            (x, y)
            for x in range(40)
            for y in range(50)
            if image.getpixel((x, y)) == (0, 0, 0) and not (10 <= x < 30 and 10 <= y < 40)
        }
    upright = {(x, y) for x in (13, 26) for y in (*range(8), *range(42, 50))}
    lying = {(x, y) for y in (13, 36) for x in (*range(8), *range(32, 40))}
    assert black == upright | lying


def test_rows_are_cut_to_a_smaller_size() -> None:
    with Image.effect_noise((9, 7), 60).convert("RGB") as picture:
        stride = picture.width * 3
        content = picture.tobytes()
        rows = png.read_rows(png_of([content[at : at + stride] for at in range(0, len(content), stride)], 3))
        cut = rows.cut(5, 4)
        assert cut.header == Header(5, 4, 3)
        assert b"".join(cut.plain()) == picture.crop((0, 0, 5, 4)).tobytes()
        assert rows.cut(10, 4) is rows
