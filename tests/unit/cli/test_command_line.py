"""The shape of the command line: global options anywhere, an example in every help, one screen each."""

from collections.abc import Iterator
from importlib.metadata import version

import pytest
import typer.main
from typer.testing import CliRunner

from millhand.cli import tables
from millhand.cli.arguments import globals_first
from millhand.cli.exit_codes import ExitCode, exit_code_of
from millhand.cli.program import program
from millhand.core import errors

LINES_OF_A_SCREEN = 40
# A page can be exported in so many ways.
LINES_OF_MANY_OPTIONS = 70


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


ALL = sorted(commands(typer.main.get_command(program())))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_has_an_example_and_fits_a_screen(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(program(), [*path, "--help"], prog_name="millhand", env={"COLUMNS": "100"})
    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert f"millhand {' '.join(path)}" in shown.output.partition("Example")[2]
    most = LINES_OF_MANY_OPTIONS if path == ("export",) else LINES_OF_A_SCREEN
    assert len(shown.output.splitlines()) <= most


def test_the_version_is_told_as_by_every_other_program() -> None:
    shown = CliRunner().invoke(program(), ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"millhand {version('millhand')}\n")


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        (["jobs", "list", "--json"], ["--json", "jobs", "list"]),
        (["up", "--database", "x", "--demo"], ["--database", "x", "up", "--demo"]),
        (["up", "--app=a:b"], ["--app=a:b", "up"]),
        (["exec", "k", "--", "--json"], ["exec", "k", "--", "--json"]),
        (["up", "--config"], ["--config", "up"]),
    ],
)
def test_global_options_move_to_the_front(given: list[str], ordered: list[str]) -> None:
    assert globals_first(given) == ordered


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotFound("x"), ExitCode.NOT_FOUND),
        (errors.UsageError("x"), ExitCode.USAGE),
        (errors.ConfigError("x"), ExitCode.USAGE),
        (errors.SchemaMismatch("x"), ExitCode.USAGE),
        (errors.BrokerUnavailable("x"), ExitCode.UNAVAILABLE),
        (errors.BlobStoreDown("x"), ExitCode.UNAVAILABLE),
        (errors.WaitTimeout("x"), ExitCode.PENDING),
        (errors.Permanent("x"), ExitCode.NO),
    ],
)
def test_each_error_has_its_exit_code(error: errors.MillhandError, code: ExitCode) -> None:
    assert exit_code_of(error) is code


def test_columns_are_as_wide_as_a_terminal_shows_them() -> None:
    assert tables.aligned(["name", "n"], [["ab", "1"], ["文書", "10"]], [False, True]) == [
        "name   n",
        "ab     1",
        "文書  10",
    ]


def test_only_columns_that_may_be_cut_are_cut() -> None:
    [[name, text]] = tables.cut(["id", "text"], [["x" * 30, "y" * 30]], [False, True], -10)
    assert name == "x" * 30
    assert text == "y" * 18 + "…"
