"""The rules of output: data on stdout, words on stderr, JSON with a schema, tables for people, no tracebacks."""

import json
import os
import pty
import subprocess
import sys

from tests.integration.cli.conftest import Cli


def on_a_terminal(cli: Cli, *arguments: str, **variables: str) -> str:
    """What a command writes to a terminal of 100 columns."""
    leader, follower = pty.openpty()
    environment = cli.environment(TERM="xterm", COLUMNS="100", LINES="40", **variables)
    process = subprocess.Popen(
        cli.command(*arguments),
        cwd=cli.folder,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    written = b""
    try:
        while chunk := os.read(leader, 65_536):
            written += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(leader)
    process.wait(30)
    return written.decode().replace("\r\n", "\n")


def test_lists_are_tabs_when_piped_and_json_lines_when_asked(cli: Cli) -> None:
    plain, objects = cli("kinds", "list"), cli("kinds", "list", "--json")
    kinds = ["jobs.cancel", "jobs.retry", "sum.add", "sum.fail", "sum.nap"]
    assert [row["kind"] for row in plain.table] == kinds
    assert [one["kind"] for one in objects.objects] == kinds
    assert {one["schema"] for one in objects.objects} == {1}


def test_one_thing_is_one_object(cli: Cli) -> None:
    [shown] = cli("kinds", "show", "sum.add", "--json").objects
    assert shown["schema"] == 1
    assert shown["schema_of_args"]["required"] == ["a"]


def test_errors_are_words_with_a_hint_on_stderr(cli: Cli) -> None:
    ended = cli("exec", "sum.nope")
    assert ended.out == ""
    error, hint = ended.err.splitlines()
    assert error == "error: there is no kind 'sum.nope'"
    assert hint.startswith("hint: ")


def test_errors_are_objects_on_stderr_with_json(cli: Cli) -> None:
    ended = cli("--json", "exec", "sum.nope")
    told = json.loads(ended.err)
    assert ended.out == ""
    assert told["schema"] == 1
    assert told["error"]["code"] == "unknown_kind"
    assert told["error"].keys() == {"code", "message", "hint"}


def test_a_terminal_gets_an_aligned_table(cli: Cli) -> None:
    shown = on_a_terminal(cli, "kinds", "list", NO_COLOR="1")
    title, first, *_ = shown.splitlines()
    assert "\t" not in shown
    assert title.index("queue") == first.index("millhand")


def test_colours_are_for_terminals_that_want_them(cli: Cli) -> None:
    assert "\x1b[" in on_a_terminal(cli, "exec", "sum.nope", NO_COLOR="")
    assert "\x1b[" not in on_a_terminal(cli, "exec", "sum.nope", NO_COLOR="1")
    assert "\x1b[" not in cli("exec", "sum.nope").err


def test_a_bar_on_a_terminal_leaves_only_the_result(cli: Cli) -> None:
    shown = on_a_terminal(cli, "exec", "sum.add", '{"a": 1, "b": 2}')
    assert "half way" in shown or "sum.add" in shown
    assert '"sum": 3' in shown


def test_quiet_says_nothing_but_errors(cli: Cli) -> None:
    assert cli("-q", "jobs", "list").err == ""
    assert cli("jobs", "list").err == "No jobs fit.\n"
    assert "error:" in cli("-q", "exec", "sum.nope").err


def test_global_options_may_stand_anywhere(cli: Cli) -> None:
    assert cli("version", "--json").out == cli("--json", "version").out


def test_a_reader_that_leaves_early_is_no_error(cli: Cli) -> None:
    command = f"{sys.executable} -m millhand help environment | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=cli.folder, env=cli.environment(), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
