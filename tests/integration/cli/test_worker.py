"""A worker in the foreground: it ends when idle, drains at the first signal, aborts at the second."""

import json

import pytest

from tests.integration.cli.conftest import Cli, Running
from tests.support import wait_until


def until_running(cli: Cli) -> None:
    wait_until(lambda: cli("jobs", "list", "state:running", "-q").table, within=30, every=0.2, what="a running job")


def started(cli: Cli, *options: str) -> Running:
    running = cli.start("worker", "--executors", "1", *options)
    running.until_it_says("Ctrl-C")
    return running


@pytest.mark.parametrize(("kind", "code"), [("sum.add", 0), ("sum.fail", 1)])
def test_until_idle_it_says_whether_a_job_was_discarded(cli: Cli, kind: str, code: int) -> None:
    cli("enqueue", kind, '{"a": 1}' if kind == "sum.add" else "{}")
    ended = cli("worker", "--until-idle", "--executors", "1")
    assert ended.code == code
    assert "Stopped after 1 job." in ended.err


def test_an_interrupt_drains(cli: Cli) -> None:
    go = cli.folder / "go"
    cli("enqueue", "sum.nap", json.dumps({"until": str(go)}))
    with started(cli) as worker:
        until_running(cli)
        worker.interrupt()
        assert "1 job may take up to" in worker.until_it_says("Draining")
        go.touch()
        ended = worker.end()
    assert ended.code == 0
    assert cli("jobs", "list").table[0]["state"] == "completed"


def test_jobs_that_outlast_the_grace_time_are_interrupted_and_told(cli: Cli) -> None:
    cli("enqueue", "sum.nap")
    with started(cli, "--grace", "100ms") as worker:
        until_running(cli)
        worker.interrupt()
        ended = worker.end()
    assert ended.code == 1
    assert "1 job had to be interrupted" in ended.err
    assert cli("jobs", "list").table[0]["state"] == "available"


def test_a_second_interrupt_aborts_and_names_the_jobs(cli: Cli) -> None:
    job = cli("enqueue", "sum.nap").out.strip()
    with started(cli) as worker:
        until_running(cli)
        worker.interrupt()
        worker.until_it_says("Draining")
        worker.interrupt()
        assert job in worker.until_it_says("Aborting")
        ended = worker.end()
    assert ended.code == 1


def test_settings_that_contradict_each_other_stop_it(cli: Cli) -> None:
    (cli.folder / "millhand.toml").write_text("[worker]\npoll = 60\nlease = 10\n")
    ended = cli("worker")
    assert ended.code == 2
    assert "lease" in ended.err


def test_options_reach_the_executors(cli: Cli) -> None:
    """An app given by option is the one that the executors load."""
    plain = cli.serving("")
    plain("--app", cli.app, "enqueue", "sum.add", '{"a": 4}')
    ended = plain("worker", "--until-idle", "--app", cli.app, "--executors", "1")
    assert ended.code == 0


def test_it_rests_and_ends_when_told_by_name(cli: Cli) -> None:
    with started(cli) as running:
        worker = wait_until(lambda: cli("workers", "list").table, within=30, what="a worker")[0]["worker"]
        assert "rests" in cli("workers", "quiet", worker).err
        wait_until(lambda: cli("workers", "list").table[0]["state"] == "quiet", within=10)
        assert cli("workers", "resume", worker).code == 0
        assert "ends" in cli("workers", "stop", worker).err
        assert running.end().code == 0
    assert cli("workers", "list").out.count("\n") <= 1
    assert "there is no worker" in cli("workers", "stop", worker).err
