"""Figures in words."""

import pytest

from millhand.core.clock import MICROSECONDS
from millhand.web.dashboard import words

NOON = 1_767_268_800 * MICROSECONDS  # 2026-01-01 12:00 UTC


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0042, "4 ms"), (1.24, "1.2 s"), (38, "38 s"), (185, "3 min 5 s"), (7440, "2 h 4 min"), (172_800, "2 d")],
)
def test_spans(seconds: float, text: str) -> None:
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(512, "512 B"), (1536, "1.5 KiB"), (3 * 1024**2, "3.0 MiB"), (5 * 1024**4, "5.0 TiB")]
)
def test_sizes(count: int, text: str) -> None:
    assert words.size(count) == text


def test_a_moment_is_told_from_now_with_the_exact_one_on_hover() -> None:
    shown = words.moment(NOON, NOON + 185 * MICROSECONDS)
    assert shown == ('<time datetime="2026-01-01T12:00:00.000Z" title="2026-01-01 12:00:00.000 UTC">3 min ago</time>')
    assert ">in 2 h<" in words.moment(NOON + 7_300 * MICROSECONDS, NOON)
    assert ">now<" in words.moment(NOON, NOON)
