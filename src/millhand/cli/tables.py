"""Tables of text: columns side by side, each as wide as its widest cell, measured as a terminal does."""

from collections.abc import Sequence

_GAP = "  "
SHORTEST = 12
"""Columns that a text which is cut keeps at least."""


def aligned(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool] = ()) -> list[str]:
    """The lines of a table, its titles first; `right` says which columns hold numbers."""
    everything = [titles, *rows]
    widths = [max(width_of(row[index]) for row in everything) for index in range(len(titles))]
    sides = right or [False] * len(titles)
    return [
        _GAP.join(_padded(cell, width, side) for cell, width, side in zip(row, widths, sides, strict=True)).rstrip()
        for row in everything
    ]


def cut(titles: Sequence[str], rows: Sequence[Sequence[str]], which: Sequence[bool], spare: int) -> list[list[str]]:
    """The same rows, with the texts of some columns shortened so that lines get shorter by `-spare` together."""
    share = -spare // sum(which) + 1
    limits = [
        max(SHORTEST, max(width_of(row[index]) for row in [titles, *rows]) - share) if may else None
        for index, may in enumerate(which)
    ]
    return [[_shortened(cell, limit) for cell, limit in zip(row, limits, strict=True)] for row in rows]


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes: ideographs take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _padded(text: str, width: int, side: bool) -> str:
    space = " " * (width - width_of(text))
    return space + text if side else text + space


def _shortened(text: str, limit: int | None) -> str:
    if limit is None or width_of(text) <= limit:
        return text
    while width_of(text) >= limit:
        text = text[:-1]
    return f"{text}…"
