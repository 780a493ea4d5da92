"""`millhand help`: topics that concern every command."""

from typing import Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.session import session_of
from millhand.core.errors import NotFound


@example("millhand help exit-codes")
def help_topic(ctx: typer.Context, topic: Annotated[str, typer.Argument(help="The topic.")] = "") -> None:
    """Explain a topic: exit-codes, output, filters, environment."""
    topics = {"exit-codes": _exit_codes, "output": _output, "filters": _filters, "environment": _environment}
    if topic and topic not in topics:
        raise NotFound(f"there is no help on '{topic}'", hint=f"Topics: {', '.join(topics)}.")
    output = session_of(ctx).output
    if topic:
        output.data(topics[topic]())
        return
    output.data("\n".join(["Topics:", *(f"  millhand help {name}" for name in topics)]))


def _exit_codes() -> str:
    return "\n".join(f"{code.value:>3}  {code.meaning}" for code in ExitCode)


def _output() -> str:
    return """\
Data goes to standard output, every word to standard error.
On a terminal data is an aligned table. Piped, it is text with tabs: one line of titles, then one a row;
times are RFC 3339 in UTC, durations seconds, sizes bytes.
With --json, commands that show one thing write one object, lists and streams one object a line; each has
"schema": 1. Errors are objects on standard error then: {"schema": 1, "error": {"code", "message", "hint"}}.
-q tells nothing but errors, -v tells details. NO_COLOR switches colours off. --no-input never asks."""


def _filters() -> str:
    from millhand.ledger.filters import FIELDS

    lines = [f"  {name}:{'':<{12 - len(name)}} {meaning}" for name, meaning in FIELDS.items()]
    return "\n".join(
        [
            "A filter is words with a field before a colon; other words are searched in the error's text.",
            *lines,
            "Example: millhand jobs list kind:document.* state:discarded since:2h timeout",
        ]
    )


def _environment() -> str:
    from millhand.config import describe

    lines = [f"  {fact.env:<38} {fact.help}" for fact in describe()]
    return "\n".join(["Settings come from: default < millhand.toml < environment < option.", *lines])
