"""The help of commands: examples, given to a decorator and shown as written; and what fits into a list of commands."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_BRIEF = 60
_AS_WRITTEN = "\b"
"""What tells the help formatter to leave the lines of a paragraph alone."""


def example(*lines: str) -> Callable[[CommandT], CommandT]:
    """Add examples to the help of a command."""

    def documented(command: CommandT) -> CommandT:
        title = "Example:" if len(lines) == 1 else "Examples:"
        shown = [f"  {line}" for line in lines]
        command.__doc__ = "\n".join([inspect.cleandoc(command.__doc__ or ""), "", _AS_WRITTEN, title, *shown])
        return command

    return documented


def in_brief(help_text: str) -> str:
    """As much of the first sentence as fits into a line of a list: up to a colon or semicolon, or else a comma."""
    sentence = " ".join(help_text.partition("\n\n")[0].split()).partition(". ")[0].removesuffix(".")
    for marks in ((), (":", ";"), (",",)):
        ends = [place for mark in marks if (place := sentence.rfind(mark, 0, _BRIEF)) > 0]
        if len(sentence) > _BRIEF and ends:
            sentence = sentence[: max(ends)]
    return sentence
