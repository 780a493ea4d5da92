"""Sending jobs: options, many at once, and what is refused."""

import json

import pytest

from tests.integration.cli.conftest import Cli


def test_it_writes_the_id_of_the_job_it_sent(cli: Cli) -> None:
    sent = cli(
        "enqueue", "sum.add", '{"a": 1}', "--delay", "5m", "--priority", "3", "--queue", "late", "--tenant", "ann"
    )
    [job] = cli("jobs", "list", "--json").objects
    assert sent.out.strip() == job["id"]
    assert (job["state"], job["queue"], job["tenant"], job["priority"]) == ("scheduled", "late", "ann", 3)


def test_arguments_come_from_a_file(cli: Cli) -> None:
    (cli.folder / "args.json").write_text('{"a": 7}')
    sent = cli("enqueue", "sum.add", "@args.json")
    [shown] = cli("jobs", "show", sent.out.strip(), "--json").objects
    assert shown["args"] == {"a": 7, "b": 0}
    assert cli("enqueue", "sum.add", "@nope.json").code == 2


def test_a_key_makes_no_second_live_job(cli: Cli) -> None:
    first, second = (cli("enqueue", "sum.add", '{"a": 1}', "--key", "k", "--json").objects[0] for _ in range(2))
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert first["id"] == second["id"]


def test_each_line_of_ndjson_becomes_a_job(cli: Cli) -> None:
    lines = "\n".join(json.dumps({"a": number}) for number in range(1_500))
    sent = cli("enqueue", "sum.add", "-", given=lines)
    assert len(set(sent.lines)) == 1_500
    assert cli("queues", "list").table[0]["available"] == "1500"


def test_bad_lines_are_named_and_nothing_is_sent(cli: Cli) -> None:
    lines = '{"a": 1}\n\n{"a": "x"}\nnonsense\n'
    refused = cli("enqueue", "sum.add", "-", given=lines)
    assert refused.code == 2
    assert "line 3: a:" in refused.err
    assert "line 4: " in refused.err
    assert cli("jobs", "list").table == []
    passed = cli("enqueue", "sum.add", "-", "--skip-invalid", given=lines)
    assert len(passed.lines) == 1
    assert "line 3 skipped" in passed.err


@pytest.mark.parametrize("option", [["--wait"], ["--key", "k"]])
def test_options_that_can_only_mean_one_job_are_refused_for_many(cli: Cli, option: list[str]) -> None:
    assert cli("enqueue", "sum.add", "-", *option, given='{"a": 1}').code == 2


def test_purging_asks_for_the_name_or_for_yes(cli: Cli) -> None:
    cli("enqueue", "sum.add", '{"a": 1}')
    refused = cli("queues", "purge", "sums")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert cli("queues", "purge", "sums", "--yes").err == "1 job cancelled.\n"
    assert cli("queues", "purge", "nope", "--yes").code == 3


def test_jobs_are_cancelled_and_retried_by_filter(cli: Cli) -> None:
    ids = cli("enqueue", "sum.add", "-", given='{"a": 1}\n{"a": 2}\n').lines
    cancelled = cli("jobs", "cancel", "--where", "state:available")
    assert {line.split("\t")[0] for line in cancelled.lines} == set(ids)
    retried = cli("jobs", "retry", *ids, "--json").objects
    assert [one["became"] for one in retried] == ["available", "available"]
    assert cli("jobs", "cancel", "--where", "").code == 2
    assert cli("jobs", "cancel").code == 2
    assert cli("jobs", "cancel", "--where", "queue:nope").code == 3
