"""Each exit code has one meaning, and here is a command that ends with it."""

from pathlib import Path

import pytest

from millhand.cli.exit_codes import ExitCode
from tests.integration.cli.conftest import Cli


def test_0_done(cli: Cli) -> None:
    assert cli("version").code == ExitCode.DONE


def test_1_the_answer_is_no(cli: Cli) -> None:
    assert cli("exec", "sum.fail").code == ExitCode.NO


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["jobs", "list", "--nope"],
        ["exec", "sum.add", '{"a": "x"}'],
        ["enqueue", "sum.add", "--delay", "soon"],
    ],
)
def test_2_the_command_is_wrong(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments).code == ExitCode.USAGE


def test_2_the_configuration_is_wrong(cli: Cli) -> None:
    (cli.folder / "millhand.toml").write_text("[worker]\nexecutorz = 2\n")
    ended = cli("jobs", "list")
    assert ended.code == ExitCode.USAGE
    assert "millhand.toml:2" in ended.err


@pytest.mark.parametrize(
    "arguments", [["jobs", "show", "0123456789"], ["exec", "sum.nope"], ["schedules", "run", "nope"]]
)
def test_3_there_is_no_such_thing(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments).code == ExitCode.NOT_FOUND


def test_4_the_database_cant_be_reached(cli: Cli) -> None:
    (cli.folder / "data.db").write_text("this is no database, whatever its name says\n" * 100)
    assert cli("--database", "sqlite:///data.db", "jobs", "list").code == ExitCode.UNAVAILABLE


def test_5_still_pending_when_the_wait_is_over(cli: Cli) -> None:
    ended = cli("enqueue", "sum.add", '{"a": 1}', "--wait", "--timeout", "100ms")
    assert ended.code == ExitCode.PENDING
    assert ended.out == ""


def test_70_a_bug_of_ours_shows_its_traceback_only_when_asked(cli: Cli) -> None:
    app = str(Path(__file__).with_name("broken.py"))
    short, long = cli("--app", app, "kinds", "list"), cli("--app", app, "kinds", "list", "-v")
    assert (short.code, long.code) == (ExitCode.BUG, ExitCode.BUG)
    assert "a bug of ours" in short.err
    assert "Traceback" not in short.err
    assert "Traceback" in long.err


def test_130_interrupted(cli: Cli) -> None:
    with cli.start("enqueue", "sum.add", '{"a": 1}', "--wait") as waiting:
        job = waiting.until_it_says("sum.add").split()[0]
        waiting.interrupt()
        ended = waiting.end()
    assert ended.code == ExitCode.INTERRUPTED
    assert f"millhand jobs wait {job}" in ended.err


def test_the_help_lists_them_all(cli: Cli) -> None:
    listed = [int(line.split()[0]) for line in cli("help", "exit-codes").lines]
    assert listed == [code.value for code in ExitCode]
