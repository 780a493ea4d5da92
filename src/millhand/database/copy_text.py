"""Rows as PostgreSQL's COPY reads them: the text format (its manual, COPY, "Text Format")."""

from collections.abc import Sequence

_SPECIAL = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NULL = "\\N"


def lines(rows: Sequence[Sequence[str]], same: Sequence[str | int | None]) -> str:
    """A line for each row: texts of its own, then what all the rows have in common, which is written once."""
    tail = "".join(f"\t{_written(value)}" for value in same) + "\n"
    columns = [_escaped(column) for column in zip(*rows, strict=True)]
    return "".join(["\t".join(row) + tail for row in zip(*columns, strict=True)])


def _written(value: str | int | None) -> str:
    if value is None:
        return _NULL
    return _escape(value) if isinstance(value, str) else str(value)


def _escaped(column: Sequence[str]) -> Sequence[str]:
    together = "".join(column)  # one look for all of them: hardly any id or JSON has something to escape
    if any(sign in together for sign in _SPECIAL):
        return [_escape(text) for text in column]
    return column


def _escape(text: str) -> str:
    for sign, instead in _SPECIAL.items():  # the backslash comes first: the others bring new ones
        text = text.replace(sign, instead)
    return text
