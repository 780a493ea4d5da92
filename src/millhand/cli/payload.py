"""Arguments of jobs as they come on the command line: JSON in place, `@file`, or NDJSON on standard input."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from millhand.core.errors import InvalidArgs, UsageError
from millhand.core.job import Args
from millhand.core.problems import problems
from millhand.core.words import count_of

STDIN = "-"
_MOST_PROBLEMS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of NDJSON that holds no arguments of the kind."""

    number: int
    problem: str


def one(kind: str, model: type[Args], text: str) -> Args:
    """The arguments that `text` holds or that the file after its `@` does; raises `InvalidArgs`."""
    try:
        return model.model_validate_json(_content(text))
    except ValidationError as error:
        raise InvalidArgs(
            f"arguments of {kind}: {problems(error, model)}", hint=f"`millhand kinds show {kind}` shows what it takes."
        ) from None


def many(model: type[Args], lines: Iterable[str]) -> Iterator[Args | BadLine]:
    """The arguments on each line; empty lines are passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield model.model_validate_json(line)
        except ValidationError as error:
            yield BadLine(number, problems(error, model))


def refused(kind: str, bad: list[BadLine], total: int) -> InvalidArgs:
    """The error for lines of which some are bad, each named by its number."""
    shown = [f"line {line.number}: {line.problem}" for line in bad[:_MOST_PROBLEMS_SHOWN]]
    if len(bad) > len(shown):
        shown.append(f"and {count_of(len(bad) - len(shown), 'more line')}")
    return InvalidArgs(
        "\n".join(
            [f"{len(bad):,} of {count_of(total, 'line')} can't be arguments of {kind}; nothing was sent", *shown]
        ),
        hint="Correct them, or add --skip-invalid to send the others.",
    )


def _content(text: str) -> str:
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    try:
        return sys.stdin.read() if text == f"@{STDIN}" else path.read_text(encoding="utf-8-sig")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"{path} can't be read: {why}", hint="Check the path behind the @.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8", hint="Check the path behind the @.") from error
