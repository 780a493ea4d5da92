"""Sizes: read as people write them, exact until they are rounded once."""

from fractions import Fraction

import pytest

from millhand.core.errors import InvalidArgs
from millhand.handlers.pages.sizes import css_pixels, length_of, pixels, size_of


@pytest.mark.parametrize(
    ("text", "dpi", "expected"),
    [
        ("18x24in", 300, (5400, 7200)),
        ("18x24", 300, (5400, 7200)),
        ("24 x 36 in", 300, (7200, 10800)),
        ('8.5"x11"', 300, (2550, 3300)),
        ("60x90in", 300, (18000, 27000)),
        ("A4", 300, (2480, 3508)),
        ("a3", 300, (3508, 4961)),
        ("210x297mm", 300, (2480, 3508)),
        ("21cm \u00d7 297mm", 300, (2480, 3508)),
        ("1296pt x 1728pt", 300, (5400, 7200)),
        ("816x1056px", 96, (816, 1056)),
        ("816x1056px", 192, (1632, 2112)),
        ("Letter", 96, (816, 1056)),
        ("arch_d", 100, (2400, 3600)),
    ],
)
def test_sizes_in_pixels(text: str, dpi: int, expected: tuple[int, int]) -> None:
    size = size_of(text)
    assert (pixels(size.width, dpi), pixels(size.height, dpi)) == expected


def test_bleed_is_part_of_the_picture() -> None:
    size = size_of("18x24in").grown(length_of("9pt"))
    assert (pixels(size.width, 300), pixels(size.height, 300)) == (5475, 7275)


def test_half_a_pixel_is_rounded_up() -> None:
    assert pixels(Fraction(1, 2), 101) == 51


def test_a_third_of_an_inch_loses_nothing() -> None:
    assert 3 * (length_of("0.1in") + length_of("7.62mm") / 3) == Fraction(6, 10)


@pytest.mark.parametrize(("device", "dpi", "css"), [(5400, 300, 1728), (2480, 300, 794), (816, 96, 816)])
def test_the_window_holds_all_device_pixels(device: int, dpi: int, css: int) -> None:
    assert css_pixels(device, dpi) == css


def test_paper_is_turned_only_if_it_lies_otherwise() -> None:
    lying = size_of("A4").turned("landscape")
    assert lying.width > lying.height
    assert lying.turned("landscape") == lying
    assert lying.turned("portrait") == size_of("A4")
    assert size_of("10x8in").turned(None) == size_of("10x8in")


@pytest.mark.parametrize("text", ["", "A99", "18in", "18x24x3in", "0x4in", "-1x4in", "18x24 ft", "axb"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgs):
        size_of(text)


@pytest.mark.parametrize("text", ["", "-1mm", "3 feet", "mm"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgs):
        length_of(text)
