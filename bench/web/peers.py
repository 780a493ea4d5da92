"""The dashboards of others over what they hold: Flower with Celery on Redis, and that of pg-boss on PostgreSQL."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from bench import servers
from bench.environment import NODE_PROGRAMS, PYTHON, ROOT, node
from bench.processes import is_alive, running
from bench.web.client import AnswerError, Client
from bench.web.load import Order

_PATIENCE = 120.0
_HOST = "127.0.0.1"
_ROWS = """
INSERT INTO pgboss.job (name, data, state, retry_count, created_on, started_on, completed_on, output)
SELECT 'noop', jsonb_build_object('number', n, 'source', 's3://intake/' || n || '.docx'),
    (CASE WHEN n > {count} - {count} / 40 THEN 'created' WHEN n % 30 = 0 THEN 'failed' ELSE 'completed' END
    )::pgboss.job_state, 0, at, at, CASE WHEN n <= {count} - {count} / 40 THEN at + interval '1 s' END, '{{"pages": 3}}'
FROM (SELECT n, now() - ({count} - n) * interval '0.6 s' AS at FROM generate_series(1, {count}) n) AS rows
"""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A running dashboard: what is asked of it for the newest jobs, for a later page, and to send a job, if it can.

    Each list is asked by one address after the other, as one view needs them all.
    """

    url: str
    newest: Sequence[Sequence[str]]
    later: Sequence[Sequence[str]]
    send: Order | None = None


@contextmanager
def flower(folder: Path, count: int) -> Iterator[Dashboard]:
    """Flower, which keeps what it knows in its memory."""
    state = folder / "flower"
    fill = [str(PYTHON), "-m", "bench.web.flower_state", str(state), str(count)]
    subprocess.run(fill, cwd=ROOT, check=True, capture_output=True)
    port = _free_port()
    with servers.redis(folder / "redis") as redis:
        command = [str(PYTHON), "-m", "celery", f"--broker={redis.address}", "flower", f"--address={_HOST}"]
        options = [f"--port={port}", "--persistent=True", f"--db={state}", f"--max_tasks={count}"]
        environment = {**os.environ, "FLOWER_UNAUTHENTICATED_API": "true"}
        with running([[*command, *options]], folder, environment) as [process]:
            url = f"http://{_HOST}:{port}"
            _wait(url, "/tasks", process)
            found = [_table(0, words) for words in ("", "state:SUCCESS", "state:FAILURE")]
            later = [_table(count * part // 20, "") for part in range(1, 20)]
            yield Dashboard(url, found, later, Order("/api/task/send-task/bench.noop", {"args": [1]}))


@contextmanager
def pgboss(folder: Path, count: int) -> Iterator[Dashboard]:
    """The dashboard of pg-boss, which reads its tables."""
    port = _free_port()
    with servers.postgres(folder / "postgres") as postgres:
        address = postgres.fresh()
        environment = {**os.environ, "BENCH_ADDRESS": address}
        subprocess.run([str(node()), "schema.mjs"], cwd=NODE_PROGRAMS, env=environment, check=True, capture_output=True)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(_ROWS.format(count=count).encode())
            connection.execute("VACUUM (ANALYZE)")
        program = NODE_PROGRAMS / "node_modules" / "@pg-boss" / "dashboard" / "bin" / "cli.js"
        told = {**os.environ, "DATABASE_URL": address, "HOST": _HOST, "PORT": str(port), "NODE_ENV": "production"}
        with running([[str(node()), str(program)]], folder, told) as [process]:
            url = f"http://{_HOST}:{port}"
            _wait(url, "/", process)
            found = [["/jobs"], ["/jobs?state=completed"], ["/jobs?state=failed"]]
            yield Dashboard(url, found, [[f"/jobs?state=all&page={count * part // 400}"] for part in range(1, 20)])


def view(client: Client, addresses: Sequence[str]) -> float:
    """How many seconds one view takes."""
    return sum(client.get(address).seconds for address in addresses)


def _table(start: int, words: str) -> Sequence[str]:
    """Flower's page of tasks, and the rows that its script asks for."""
    asked: Mapping[str, object] = {
        "draw": 1,
        "start": start,
        "length": 50,
        "search[value]": words,
        "order[0][column]": 0,
        "order[0][dir]": "desc",
        "columns[0][data]": "received",
    }
    query = "&".join(f"{quote(name)}={quote(str(value))}" for name, value in asked.items())
    return ["/tasks", f"/tasks/datatable?{query}"]


def _wait(url: str, path: str, process: psutil.Process) -> None:
    """Until it answers; raises `AnswerError`."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with Client(url) as client:
                client.get(path)
        except (OSError, AnswerError) as error:
            if time.monotonic() > deadline or not is_alive(process):
                raise AnswerError(f"it does not come up: {error}") from error
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]
