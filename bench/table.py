"""Tables in Markdown, aligned so that they read well in a terminal too."""

from collections.abc import Sequence

from bench.statistics import Spread

NOTHING = "-"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with its first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    rule = [("-" * width) if column == 0 else ("-" * (width - 1) + ":") for column, width in enumerate(widths)]
    return "\n".join(_line(cells, widths) for cells in (head, rule, *rows)) + "\n"


def number(value: float) -> str:
    """A number with as many digits as can be trusted: 12,345; 123; 12.3; 1.23; 7 for a whole one."""
    size = abs(value)
    if size >= 100 or value == int(value):  # noqa: PLR2004 - from here on a decimal says nothing
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"  # noqa: PLR2004 - as above


def spread(value: Spread | None) -> str:
    """A median with its range, or a dash for what was not measured."""
    if value is None:
        return NOTHING
    if value.least == value.greatest:
        return number(value.median)
    return f"{number(value.median)} ({number(value.least)}-{number(value.greatest)})"


def ratio(value: float | None) -> str:
    """How many times better, as in `4.2x`, or a dash for what can't be compared."""
    return NOTHING if value is None else f"{number(value)}x"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join((first, *rest))} |"
