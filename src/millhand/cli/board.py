"""A board on which many jobs are followed at once: a row each with state, bar and text, and a bar for all of them.

Elsewhere than on a terminal it says a line for each job that is settled.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from millhand.cli.output import Output
from millhand.core.state import FINAL, State

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.progress_bar import ProgressBar

_STYLES = {
    State.RUNNING: "cyan",
    State.COMPLETED: "green",
    State.DISCARDED: "red",
    State.CANCELLED: "yellow",
    State.RETRYABLE: "yellow",
}
_BAR_WIDTH = 20
_WHOLE_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Line:
    """How one job stands."""

    title: str
    state: State
    fraction: float
    text: str

    @property
    def settled(self) -> bool:
        """Whether it has come to its end."""
        return self.state in FINAL


class Board(Protocol):
    """Shows how jobs stand."""

    def update(self, lines: Sequence[Line]) -> None:
        """Show them so from now on; always the same jobs in the same order."""
        ...


@contextmanager
def board(output: Output, total: int) -> Generator[Board]:
    """A board for so many jobs."""
    if not output.words_on_terminal:
        yield _Spoken(output, total)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=output.stderr, highlight=False)
    shared = output.on_terminal
    with Live(console=console, refresh_per_second=8, transient=True, redirect_stdout=shared) as live:
        yield _Drawn(live)


class _Spoken:
    def __init__(self, output: Output, total: int) -> None:
        self._output = output
        self._total = total
        self._told: set[str] = set()

    def update(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.settled and line.title not in self._told:
                self._told.add(line.title)
                # Why one failed is told at the end, with what to do about it.
                text = f": {line.text}" if line.text and line.state is State.COMPLETED else ""
                self._output.say(f"[{len(self._told)}/{self._total}] {line.title} {line.state}{text}")


class _Drawn:
    def __init__(self, live: "Live") -> None:
        self._live = live

    def update(self, lines: Sequence[Line]) -> None:
        self._live.update(_picture(lines, self._live.console.height))


def _picture(lines: Sequence[Line], height: int) -> "RenderableType":
    """The rows that fit on the screen, those that run first, and the bar for all."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    rows = Table.grid(padding=(0, 2))
    for line in _most_interesting(lines, max(3, height - 3)):
        bar = _bar(1.0, 1.0 if line.settled else line.fraction, _BAR_WIDTH)
        rows.add_row(
            Text(line.title), Text(line.state, _STYLES.get(line.state, "dim")), bar, Text(line.text, no_wrap=True)
        )
    done = sum(line.settled for line in lines)
    overall = Table.grid(padding=(0, 2))
    whole = sum(1.0 if line.settled else line.fraction for line in lines)
    overall.add_row(
        Text(f"{done} of {len(lines)} settled", "bold"),
        _bar(len(lines), whole, _WHOLE_WIDTH),
    )
    return Group(rows, overall)


def _bar(total: float, completed: float, width: int) -> "ProgressBar":
    from rich.progress_bar import ProgressBar

    return ProgressBar(total, completed, width, style="bright_black", complete_style="cyan", finished_style="green")


def _most_interesting(lines: Sequence[Line], count: int) -> Sequence[Line]:
    """As many as there is room for, in their order: what runs goes first, then what waits, then what is settled."""
    if len(lines) <= count:
        return lines
    ranks = sorted(range(len(lines)), key=lambda index: (_rank(lines[index]), index))[:count]
    return [lines[index] for index in sorted(ranks)]


def _rank(line: Line) -> int:
    return 0 if line.state is State.RUNNING else 2 if line.settled else 1
