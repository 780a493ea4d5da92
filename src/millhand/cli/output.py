"""What a command writes: data to standard output, every word to standard error.

On a terminal data is an aligned table; piped it is plain text with tabs; with `--json` it is one JSON object, or one a
line for lists, each with the version of its schema.
"""

import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TextIO, TypeVar

from millhand.cli import tables
from millhand.cli.cells import as_object, for_people, for_programs
from millhand.core.clock import Clock, SystemClock

SCHEMA = 1
"""The version of the JSON that commands write; it changes when a field changes its meaning or goes away."""

T = TypeVar("T")


class ReaderGone(Exception):
    """Whoever read what a command writes is not there any more, as after `| head`."""


class CurrentStderr(io.TextIOBase):
    """Standard error as it is at the moment of writing: a live display takes its place for a while."""

    def write(self, text: str, /) -> int:
        """Write to what standard error is now."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush what standard error is now."""
        sys.stderr.flush()

    def isatty(self) -> bool:
        """Whether standard error is a terminal."""
        return sys.stderr.isatty()


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column of a table: its title, and how to get its cell from an item.

    `right` is for numbers. Where a line is too long for the terminal, columns that `yields` go, those with the highest
    number first; then long texts are shortened in those with `cut`.
    """

    title: str
    cell: Callable[[T], object]
    right: bool = False
    cut: bool = False
    yields: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """Writes for a person, a script, or a program, as the options and the terminal say.

    `voice` takes what would be words on standard error, where a log has that for itself.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    clock: Clock = field(default_factory=SystemClock)
    voice: Callable[[str], None] | None = None

    @property
    def stdout(self) -> TextIO:
        """Where data goes."""
        return sys.stdout

    @property
    def stderr(self) -> TextIO:
        """Where words go; while a live display is shown, they appear above it."""
        return sys.stderr

    @property
    def on_terminal(self) -> bool:
        """Whether data goes to a terminal."""
        return self.stdout.isatty()

    @property
    def words_on_terminal(self) -> bool:
        """Whether words go to a terminal, so that they can move: bars and tables that change."""
        return self.stderr.isatty() and not self.quiet and os.environ.get("TERM") != "dumb"

    def rows(self, columns: Sequence[Column[T]], items: Iterable[T], *, nothing: str) -> None:
        """Write a list; if it is empty, say so with the words in `nothing` as well."""
        found = list(items)
        if self.json:
            for item in found:
                self.record(item)
            return
        if not found:
            self.say(nothing)
        if not self.on_terminal:
            self.tsv(columns, found)
        elif found:
            self._table(columns, found)

    def tsv(self, columns: Sequence[Column[T]], items: Iterable[T]) -> None:
        """Write a list as text with tabs, with a line of titles."""
        lines = ["\t".join(column.title for column in columns)]
        lines += ["\t".join(for_programs(column.cell(item)) for column in columns) for item in items]
        self.data("\n".join(lines))

    def details(self, pairs: Sequence[tuple[str, object]], item: object) -> None:
        """Write one thing: its pairs of names and values, or the whole item as JSON."""
        if self.json:
            self.record(item)
            return
        if not self.on_terminal:
            self.data("\n".join(f"{name}\t{for_programs(value)}" for name, value in pairs))
            return
        width = max(len(name) for name, _ in pairs)
        now = self.clock.now()
        self.data("\n".join(f"{name:<{width}}  {for_people(value, now)}" for name, value in pairs))

    def record(self, item: object, **more: object) -> None:
        """Write one thing as a JSON object on a line."""
        content = {"schema": SCHEMA, **as_object(item), **as_object(more)}
        self.data(json.dumps(content, ensure_ascii=False))

    def data(self, text: str) -> None:
        """Write lines of data. Raises ReaderGone."""
        try:
            print(text, file=self.stdout, flush=True)
        except BrokenPipeError as error:
            raise ReaderGone from error

    def say(self, text: str) -> None:
        """Tell something in words, unless told to be quiet."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Tell of something that went wrong, also when quiet. Words that nobody reads any more are lost."""
        if self.voice is not None:
            self.voice(text)
            return
        with suppress(BrokenPipeError):
            print(text, file=self.stderr, flush=True)

    def coloured(self, text: str, colour: str, stream: TextIO | None = None) -> str:
        """The text in a colour, where the stream (standard error unless given) shows colours."""
        import typer

        return typer.style(text, fg=colour) if _has_colours(stream or self.stderr) else text

    def titled(self, text: str) -> str:
        """The text as the titles of a table."""
        import typer

        return typer.style(text, bold=True) if _has_colours(self.stdout) else text

    def _table(self, columns: Sequence[Column[T]], items: Sequence[T]) -> None:
        """Align the columns; one that may be cut gets the room that the others leave on a line."""
        now, width = self.clock.now(), shutil.get_terminal_size().columns
        cells = {column.title: [for_people(column.cell(item), now) for item in items] for column in columns}
        lines, shown = _fitting(columns, cells, width)
        spare = width - max(map(tables.width_of, lines))
        if spare < 0 and any(column.cut for column in shown):
            titles, rows = [column.title for column in shown], _rows(shown, cells)
            rows = tables.cut(titles, rows, [column.cut for column in shown], spare)
            lines = tables.aligned(titles, rows, [column.right for column in shown])
        self.data("\n".join([self.titled(lines[0]), *lines[1:]]))


def _fitting(
    columns: Sequence[Column[T]], cells: Mapping[str, list[str]], width: int
) -> tuple[list[str], list[Column[T]]]:
    """The lines of a table, and the columns that are left of it after as many gave way as had to, and may."""
    shown = list(columns)
    while True:
        lines = tables.aligned([one.title for one in shown], _rows(shown, cells), [one.right for one in shown])
        # A text that may be cut takes no more room than it must.
        excess = max(map(tables.width_of, lines)) - width - sum(_slack(one, cells) for one in shown)
        yielding = max(shown, key=lambda one: one.yields)
        if excess <= 0 or not yielding.yields:
            return lines, shown
        shown.remove(yielding)


def _rows(columns: Sequence[Column[T]], cells: Mapping[str, list[str]]) -> list[list[str]]:
    return [list(row) for row in zip(*(cells[column.title] for column in columns), strict=True)]


def _slack(column: Column[T], cells: Mapping[str, list[str]]) -> int:
    longest = max(map(tables.width_of, [column.title, *cells[column.title]]))
    return max(0, longest - tables.SHORTEST) if column.cut else 0


def _has_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
