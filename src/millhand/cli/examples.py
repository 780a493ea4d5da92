"""Examples in the help of commands: given to a decorator, shown as they are written."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

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
