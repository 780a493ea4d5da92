"""Strips of a picture: how it is parted, and that what two of them share is compared byte by byte."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.engines.chromium import png, strips
from millhand.engines.chromium.errors import PageUnstable
from millhand.engines.chromium.joining import Joiner
from millhand.engines.chromium.rows import Header, Rows
from millhand.engines.chromium.strips import Area, Strip
from tests.unit.pages.pictures import png_of, random_rows


@given(
    dpi=st.integers(10, 2400),
    top=st.integers(0, 500),
    width=st.integers(1, 500),
    height=st.integers(1, 3000),
    most=st.integers(1, 200_000),
)
def test_strips_cover_the_area_share_rows_and_begin_on_whole_pixels(
    dpi: int, top: int, width: int, height: int, most: int
) -> None:
    scale = Fraction(dpi, 96)
    at = top
    for number, strip in enumerate(strips.parted(Area(3, top, width, height), scale, most)):
        assert (strip.area.x, strip.area.width) == (3, width)
        assert strip.area.y == at - strip.overlap
        assert (Fraction(strip.area.y - top) / scale).denominator == 1
        assert strip.area.height > strip.overlap >= min(8, at - top)
        assert (strip.overlap == 0) == (number == 0)
        at = strip.area.y + strip.area.height
    assert at == top + height


@given(width=st.integers(1, 40), height=st.integers(2, 30), seed=st.integers(0, 99), cut=st.integers(1, 29))
def test_true_bytes_of_filtered_rows(width: int, height: int, seed: int, cut: int) -> None:
    told = random_rows(width, height, seed)
    rows = png.read_rows(png_of(told))
    number = min(cut, height - 1)
    assert list(rows.plain()) == told
    assert rows.first(number) == b"".join(told[:number])
    assert rows.last(number) == b"".join(told[-number:])
    rest = rows.without_first(number)
    assert (rest.header.height, list(rest.plain())) == (height - number, told[number:])


class _Kept:
    """A file that is a list of rows."""

    def __init__(self, size: Header) -> None:
        self.size = size
        self.rows: list[bytes] = []

    def write(self, rows: Rows) -> None:
        self.rows += rows.plain()

    def finish(self) -> None:
        assert len(self.rows) == self.size.height

    def close(self) -> None:
        """Nothing is open."""


def _joined(told: list[bytes], seen: list[bytes], at: int, overlap: int) -> list[bytes]:
    """What becomes of a picture whose lower strip was captured from `seen`."""
    width = len(told[0]) // 3
    upper = Strip(Area(0, 0, width, at), 0)
    lower = Strip(Area(0, at - overlap, width, len(told) - at + overlap), overlap)
    kept = _Kept(Header(width, len(told), 3))
    joiner = Joiner(kept, 3)
    joiner.add(upper, png_of(told[:at]), overlap)
    joiner.add(lower, png_of(seen[at - overlap :]), 0)
    kept.finish()
    return kept.rows


@pytest.mark.parametrize(("at", "overlap"), [(300, 1), (300, 25), (25, 25), (600, 8)])
def test_strips_that_fit_become_one_picture(at: int, overlap: int) -> None:
    rows = random_rows(11, 640, 3)
    assert _joined(rows, rows, at, overlap) == rows


def test_every_pixel_of_a_join_counts() -> None:
    rows, at, overlap = random_rows(7, 60, 5), 40, 8
    for line in range(at - overlap, at):
        for byte in range(len(rows[0])):
            seen = [bytearray(row) for row in rows]
            seen[line][byte] ^= 0x80
            with pytest.raises(PageUnstable):
                _joined(rows, [bytes(row) for row in seen], at, overlap)


def test_a_glyph_may_lie_a_quarter_pixel_further() -> None:
    rows = [bytes(row) for row in random_rows(11, 300, 8)]
    seen = [bytes(min(byte + 40 * (at == 5), 255) for at, byte in enumerate(row)) for row in rows]
    joined = _joined(rows, seen, 200, 25)
    assert joined == rows[:200] + seen[200:]


def test_rows_that_are_all_shifted_alike_do_not_fit() -> None:
    rows = random_rows(11, 340, 6)
    seen = [bytes((byte + 1) % 256 for byte in row) for row in rows]
    with pytest.raises(PageUnstable):
        _joined(rows, seen, 300, 8)


def test_an_opaque_strip_of_a_transparent_page_gets_its_alpha() -> None:
    upper, lower = random_rows(5, 10, 1, channels=4), random_rows(5, 10, 2)
    kept = _Kept(Header(5, 20, 4))
    joiner = Joiner(kept, 4)
    joiner.add(Strip(Area(0, 0, 5, 10), 0), png_of(upper, channels=4), 0)
    joiner.add(Strip(Area(0, 10, 5, 10), 0), png_of(lower), 0)
    kept.finish()
    assert kept.rows == [*upper, *(b"".join(row[at : at + 3] + b"\xff" for at in range(0, 15, 3)) for row in lower)]


@pytest.mark.parametrize("dpi", [96, 100, 150, 300])
@pytest.mark.parametrize("side", [583, 1_240, 2_551, 5_400])
def test_an_area_that_ends_with_a_css_pixel_holds_all_of_the_old_one(side: int, dpi: int) -> None:
    scale = Fraction(dpi, 96)
    grown = Area(0, 7, side, side).outward(scale)
    assert (grown.x, grown.y) == (0, 7)
    # What a browser makes of it that cuts off the parts of CSS pixels.
    assert side <= int(int(grown.width / scale) * scale) < side + scale
