"""What goes wrong between a person and a command line: wrong folders, typing mistakes, closed pipes, early Ctrl-C."""

import json
import os
import pty
import subprocess

import pytest

from tests.integration.cli.conftest import LIMIT, Cli, Running


def test_without_a_command_it_shows_all_that_there_are(bare: Cli) -> None:
    ended = bare()
    assert ended.code == 2
    assert ended.err.startswith("Usage: millhand")
    assert "hint:" not in ended.err
    assert "..." not in ended.err.partition("Commands:")[2].partition("Examples:")[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("jobs", "list"),
        ("queues", "list"),
        ("failures", "list"),
        ("schedules", "list"),
        ("top",),
        ("queues", "pause", "a"),
    ],
)
def test_the_wrong_folder_is_told_and_stays_empty(bare: Cli, arguments: tuple[str, ...]) -> None:
    ended = bare(*arguments)
    assert ended.code == 3
    assert f"there is no database at {bare.folder}/data/millhand.db" in ended.err
    assert "--database" in ended.err
    assert list(bare.folder.iterdir()) == []


def test_the_first_job_makes_the_database(bare: Cli) -> None:
    assert bare("enqueue", "sum.add", '{"a": 1}').code == 0
    assert len(bare("jobs", "list").table) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ('{"aa": 1}', "a: it is missing; aa: there is no such field; did you mean a?"),
        ('{"a": "x"}', "a: should be a valid integer"),
        ("{a}", "this is no JSON"),
        ("@nope.json", "nope.json can't be read: no such file or directory"),
        ("@.", "can't be read: is a directory"),
    ],
)
def test_bad_arguments_are_told_in_plain_words(cli: Cli, arguments: str, words: str) -> None:
    ended = cli("enqueue", "sum.add", arguments)
    assert ended.code == 2
    assert words in ended.err


def test_a_queue_that_is_not_there_is_not_resumed(cli: Cli) -> None:
    cli("enqueue", "sum.add", '{"a": 1}')
    ended = cli("queues", "resume", "summs")
    assert ended.code == 3
    assert "Queues: sums." in ended.err


def test_the_doctors_own_queue_is_not_shown(cli: Cli) -> None:
    cli("enqueue", "sum.add", '{"a": 1}')
    cli("doctor")
    assert [row["queue"] for row in cli("queues", "list").table] == ["sums"]
    assert "millhand.doctor" in cli("queues", "list", "-v").out


def test_a_reader_that_goes_away_ends_it_and_the_rest_is_not_sent(cli: Cli) -> None:
    lines = "".join(f'{{"a": {number}}}\n' for number in range(20_000))
    with subprocess.Popen(
        cli.command("enqueue", "sum.add", "-"),
        cwd=cli.folder,
        env=cli.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as sending:
        assert sending.stdout is not None
        sending.stdout.close()
        sending.stdout = None
        _, said = sending.communicate(lines, LIMIT)
    assert sending.returncode == 141
    assert said == ""
    assert 0 < sum(row["available"] for row in _available(cli)) < 20_000


def _available(cli: Cli) -> list[dict[str, int]]:
    return [{"available": int(row["available"])} for row in cli("queues", "list").table]


def test_data_goes_to_its_file_though_a_bar_moves_on_the_terminal(cli: Cli) -> None:
    ours, theirs = pty.openpty()
    lines = '{"a": 1}\n' * 3
    with (cli.folder / "ids.txt").open("w") as file:
        command = cli.command("enqueue", "sum.add", "-")
        ended = subprocess.run(
            command,
            cwd=cli.folder,
            env=cli.environment(),
            input=lines,
            stdout=file,
            stderr=theirs,
            text=True,
            check=True,
        )
    os.close(theirs)
    os.close(ours)
    assert ended.returncode == 0
    ids = (cli.folder / "ids.txt").read_text().split()
    assert {row["id"] for row in cli("jobs", "list").table} == set(ids)
    assert len(ids) == 3


@pytest.mark.parametrize("module", ["typer", "millhand.cli.program", "pydantic", "sqlalchemy.engine"])
def test_an_early_interruption_ends_it_in_silence(cli: Cli, module: str) -> None:
    process = subprocess.Popen(
        cli.command("jobs", "list"),
        cwd=cli.folder,
        env=cli.environment(PYTHONPROFILEIMPORTTIME="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with Running(process) as early:
        early.until_it_says(f" {module}\n")
        early.interrupt()
        ended = early.end()
    assert ended.code == 130
    assert "Traceback" not in ended.err


def test_logs_in_json_have_nothing_else_among_them(cli: Cli) -> None:
    ended = cli("worker", "--until-idle", "--executors", "1", MILLHAND_LOG__FORMAT="json")
    assert ended.code == 0
    events = [json.loads(line)["event"] for line in ended.err.splitlines()]
    assert any(event.startswith("millhand works with 1 executor") for event in events)
    assert events[-1] == "Stopped after 0 jobs."


def test_a_folder_that_cant_be_made_is_told(bare: Cli) -> None:
    (bare.folder / "data").write_text("a file where the folder should be")
    ended = bare("enqueue", "sum.add", '{"a": 1}')
    assert ended.code == 4
    assert "the folder of the database can't be made" in ended.err
