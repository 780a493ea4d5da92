"""Live progress on standard error: bars on a terminal, lines elsewhere, nothing with `-q` or `--json`."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from millhand.cli.output import Output

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from millhand.ledger.views import EventView


class Bar(Protocol):
    """The progress of one thing."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Show how far it is, from 0 to 1."""
        ...

    def line(self, text: str, level: str = "info") -> None:
        """Show a line of its log."""
        ...


@contextmanager
def job_bar(output: Output, title: str) -> Generator[Bar]:
    """A bar for one job, with its log lines above."""
    if not output.words_on_terminal:
        yield _Lines(output)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.fields[title]}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(file=output.stderr, highlight=False, markup=False)
    with Progress(
        *columns, TextColumn("{task.description}"), console=console, transient=True, redirect_stdout=output.on_terminal
    ) as progress:
        task = progress.add_task("", total=1.0, title=title)
        yield _RichBar(progress, task)


@contextmanager
def count_bar(output: Output, title: str, total: int) -> Generator[Bar]:
    """A bar for a number of equal steps; elsewhere than on a terminal it shows nothing."""
    if not output.words_on_terminal:
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.fields[title]}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(file=output.stderr, highlight=False, markup=False)
    with Progress(
        *columns, TextColumn("{task.description}"), console=console, transient=True, redirect_stdout=output.on_terminal
    ) as progress:
        task = progress.add_task("", total=total, title=title)
        yield _RichBar(progress, task, total)


def words_of(event: "EventView") -> str:
    """The text of an event with its fields, in one line."""
    if event.name == "progress":
        return f"{float(event.fields.get('fraction', 0)):.0%} {event.text}"
    fields = " ".join(f"{name}={value}" for name, value in event.fields.items())
    return " ".join(f"{event.text} {fields}".split())


class _RichBar:
    def __init__(self, progress: "Progress", task: "TaskID", total: float = 1.0) -> None:
        self._progress = progress
        self._task = task
        self._total = total

    def progress(self, fraction: float, text: str = "") -> None:
        self._progress.update(self._task, completed=fraction * self._total, description=text)

    def line(self, text: str, level: str = "info") -> None:
        style = {"warning": "yellow", "error": "red", "debug": "dim"}.get(level)
        self._progress.console.print(text, style=style)


class _Lines:
    """Log lines as they come; progress is for terminals, save that it can be asked for with `-v`."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def progress(self, fraction: float, text: str = "") -> None:
        if self._output.verbose:
            self._output.say(f"{fraction:.0%} {text}")

    def line(self, text: str, level: str = "info") -> None:
        self._output.say(text if level == "info" else f"{level}: {text}")


class _Silent:
    def progress(self, fraction: float, text: str = "") -> None:
        """Show nothing."""

    def line(self, text: str, level: str = "info") -> None:
        """Show nothing."""
