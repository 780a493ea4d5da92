"""The page of the command line: the help of every command, as it is shown in a terminal."""

from collections.abc import Iterator
from typing import Any

import typer.main

from millhand.cli.exit_codes import ExitCode
from millhand.cli.program import program
from millhand.ledger.filters import FIELDS
from scripts.gen_docs.markdown import code, page, table

_WIDTH = 100


def write() -> str:
    """The page."""
    return page(
        "Command line",
        "Data goes to standard output, every word to standard error. On a terminal data is an aligned table; piped it"
        " is text with tabs, with times in RFC 3339, durations in seconds and sizes in bytes. With `--json`, commands"
        ' that show one thing write one object, lists and streams one object a line, each with `"schema": 1`; errors'
        " are objects on standard error then. The global options may stand anywhere on the line.",
        "## Exit codes",
        table(("code", "meaning"), ((str(one.value), one.meaning) for one in ExitCode)),
        "## Filters",
        "`jobs list` takes words with a field before a colon; other words are searched in the error's text.",
        table(("field", "meaning"), ((code(f"{name}:"), meaning) for name, meaning in FIELDS.items())),
        *(f"## {name}\n\n```text\n{text}\n```" for name, text in commands()),
    )


def commands() -> Iterator[tuple[str, str]]:
    """Each command with its help, groups before their commands."""
    yield from _walk(typer.main.get_command(program()), "millhand", None)


def _walk(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - typer's own, untyped
    context = command.context_class(
        command,
        info_name=name.rpartition(" ")[2],
        parent=parent,
        **{**command.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH},
    )
    yield name, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    for each in getattr(command, "commands", {}).values():
        yield from _walk(each, f"{name} {each.name}", context)
