"""One URL, and nothing else changes: two workers on two hosts share the jobs of a PostgreSQL database."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.support import wait_until

SHOP = Path(__file__).parents[1] / "integration" / "cli" / "shop.py"
NAPS = 24


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url.replace("postgresql://postgres@", "postgres://postgres:open-sesame@") + "?sslmode=prefer"


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MILLHAND_", "DATABASE_URL"))}
    return {**kept, "MILLHAND_APP": str(SHOP), "MILLHAND_HTTP__PORT": "0", **variables}


def millhand(folder: Path, url: str, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "millhand", *arguments],
        cwd=folder,
        env=environment(DATABASE_URL=url),
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def workers(tmp_path: Path, url: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """One by a flag, one by a variable, as on two hosts: each with a folder of its own."""
    with ExitStack() as stack:
        started: list[subprocess.Popen[bytes]] = []
        for name, flags, variables in (("one", ["--database", url], {}), ("two", [], {"DATABASE_URL": url})):
            folder = tmp_path / name
            folder.mkdir()
            command = [sys.executable, "-m", "millhand", "worker", "--executors", "1", *flags]
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(
                    command, cwd=folder, env=environment(**variables), stdout=log, stderr=subprocess.STDOUT
                )
            stack.callback(process.wait)
            stack.callback(process.kill)
            started.append(process)
        for name in ("one", "two"):
            log = tmp_path / name / "log"
            wait_until(lambda log=log: "millhand works" in log.read_text(), within=30, what=f"worker {name} to start")
        yield started


def test_two_workers_share_the_jobs_of_a_server(
    tmp_path: Path, url: str, workers: list[subprocess.Popen[bytes]]
) -> None:
    asked = millhand(tmp_path, url, "enqueue", "sum.add", '{"a": 2, "b": 3}', "--wait", "--timeout", "30")
    assert (asked.returncode, asked.stdout) == (0, '{"sum": 5}\n')
    states, of_workers = Counter(), set[str]()

    def naps_are_done_by_both() -> bool:
        sent = millhand(tmp_path, url, "enqueue", "sum.nap", "-", given='{"seconds": 0.1}\n' * NAPS)
        assert sent.returncode == 0, sent.stderr
        wait_until(naps_are_done, within=40, what=f"all naps to end: {states}")
        return len(of_workers) == len(workers)

    def naps_are_done() -> bool:
        with psycopg.connect(url) as connection:
            states.clear()
            states.update(row[0] for row in connection.execute("SELECT state FROM millhand.jobs"))
            of_workers.update(row[0] for row in connection.execute("SELECT worker FROM millhand.attempts"))
        return set(states) == {"completed"}

    # One that is still starting leaves the first naps to the other.
    wait_until(naps_are_done_by_both, within=60, what=f"both to work: {of_workers}")
    doctor = millhand(tmp_path, url, "doctor", "--json")
    findings = {finding["id"]: finding["level"] for finding in map(json.loads, doctor.stdout.splitlines())}
    assert findings["server.listen"] == findings["fleet.workers"] == "ok"
    for worker in workers:
        worker.send_signal(signal.SIGINT)
    assert [worker.wait(30) for worker in workers] == [0, 0]
    told = asked.stderr + doctor.stdout + doctor.stderr
    told += "".join((tmp_path / name / "log").read_text() for name in ("one", "two"))
    assert "open-sesame" not in told
