"""Services on the command line: by name, with their variables from the environment or a file."""

from pathlib import Path

import pytest

from tests.integration.cli.conftest import Cli

EXPORT = '{"printJobId": "p-1", "userMapData": {}, "printableMapData": {"pageSize": "18x24"}}'


@pytest.fixture
def plain(cli: Cli) -> Cli:
    """Millhand without an app of somebody."""
    return cli.serving("")


def test_they_are_listed_with_their_variables(plain: Cli) -> None:
    assert [row["service"] for row in plain("services", "list").table] == ["docserver", "page-export"]
    shown = plain("services", "show", "page-export", API_URL="http://api:5173", API_KEY="s3cret").table
    told = {row["variable"]: (row["value"], row["origin"]) for row in shown}
    assert told["API_URL"] == ("http://api:5173", "environment API_URL")
    assert told["API_KEY"] == ("•••", "environment API_KEY")
    assert told["EXPORT_DPI"] == ("300", "default")


def test_a_file_gives_variables_that_the_environment_has_not(plain: Cli) -> None:
    (plain.folder / ".env").write_text("API_URL=http://file:1\nEXPORT_DIR=out\nMILLHAND_WORKER__EXECUTORS=3\n")
    shown = plain("config", "show", "--app", "page-export", "--env-file", ".env", "--origin", API_URL="http://env:2")
    told = {row["setting"]: (row["value"], row["origin"]) for row in shown.table}
    assert told["API_URL"][0] == "http://env:2"
    assert told["blob_roots"] == ("out", "environment EXPORT_DIR")
    assert told["worker.queues"] == ("export-map", "service page-export")
    assert told["worker.executors"] == ("3", "environment MILLHAND_WORKER__EXECUTORS")


def test_what_is_wrong_with_a_variable_stops_the_worker(plain: Cli) -> None:
    ended = plain("worker", "page-export", API_URL="nowhere")
    assert ended.code == 2
    assert "environment API_URL: 'nowhere' is no web address" in ended.err


@pytest.mark.parametrize("command", [("worker", "nothing"), ("up", "--service", "nothing"), ("services", "show", "no")])
def test_one_that_is_not_there_is_named(plain: Cli, command: tuple[str, ...]) -> None:
    ended = plain(*command)
    assert ended.code == 3
    assert "page-export" in ended.err


def test_help_behind_a_name_tells_its_variables(plain: Cli) -> None:
    shown = plain("worker", "page-export", "--help").out
    assert "RENDER_BASE_URL" in shown
    assert "RENDER_BASE_URL" not in plain("worker", "--help").out


def test_its_jobs_are_checked_when_they_are_sent(plain: Cli) -> None:
    assert plain("enqueue", "export-map", EXPORT).code == 0
    [row] = plain("jobs", "list").table
    assert (row["kind"], row["queue"], row["state"]) == ("export-map", "export-map", "available")
    refused = plain("enqueue", "export-map", EXPORT.replace("p-1", "../p"))
    assert refused.code == 2
    assert "an id names a file and a URL" in refused.err


def test_up_runs_one_alone(plain: Cli, tmp_path: Path) -> None:
    ended = plain("up", "--service", "page-export", "--until-idle")
    assert ended.code == 0, ended.err
    assert "1 executor on export-map of sqlite:" in ended.err
    assert "✅ pg-boss queue started" in ended.out
