"""The real command line as a process, in a folder of its own; and a worker of the tiny app in the background."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Self

import pytest

SHOP = str(Path(__file__).with_name("shop.py"))
LIMIT = 60


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    @property
    def table(self) -> list[dict[str, str]]:
        titles, *rows = [line.split("\t") for line in self.lines]
        return [dict(zip(titles, row, strict=True)) for row in rows]


class Forks:
    """A process that has loaded millhand, and forks for each command."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.cli.forks"],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], given: str) -> Ended:
        """Run a command to its end."""
        files = {name: self._folder / name for name in ("in", "out", "err")}
        for name, file in files.items():
            file.write_text(given if name == "in" else "")
        request = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        request |= {name: str(file) for name, file in files.items()}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Ended(code, files["out"].read_text(), files["err"].read_text())

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=LIMIT)


@dataclass(frozen=True)
class Cli:
    """Runs `millhand` in a folder."""

    folder: Path
    forks: Forks
    app: str = SHOP

    def __call__(self, *arguments: str, given: str = "", **variables: str) -> Ended:
        return self.forks.run(arguments, self.folder, self.environment(**variables), given)

    def serving(self, app: str) -> "Cli":
        """The same with another app; with none by name, millhand's own kinds."""
        return replace(self, app=app)

    def start(self, *arguments: str) -> "Running":
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Running(process)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "millhand", *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
        app = {"MILLHAND_APP": self.app} if self.app else {}
        return {**kept, **app, "MILLHAND_HTTP__PORT": "0", **variables}


class Running:
    """A command under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.seen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def until_it_says(self, words: str) -> str:
        """Read standard error up to a line with these words."""
        stream: IO[str] = self.process.stderr  # pyright: ignore[reportAssignmentType]
        for line in stream:
            self.seen += line
            if words in line:
                return line
        pytest.fail(f"it ended without saying '{words}': {self.seen}")

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> Ended:
        out, err = self.process.communicate(timeout=LIMIT)
        return Ended(self.process.returncode, out, self.seen + err)


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """The process that forks for each command."""
    process = Forks(tmp_path_factory.mktemp("forks"))
    yield process
    process.close()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    """An empty database: making one takes longer than most commands."""
    cli = Cli(tmp_path_factory.mktemp("database"), forks)
    assert cli("schema", "up").code == 0
    return cli.folder / "data" / "millhand.db"


@pytest.fixture
def bare(tmp_path: Path, forks: Forks) -> Cli:
    """The command line in an empty folder, with the tiny app."""
    return Cli(tmp_path, forks)


@pytest.fixture
def cli(bare: Cli, database: Path) -> Cli:
    """The command line in a folder with an empty database, with the tiny app."""
    (bare.folder / "data").mkdir()
    shutil.copy(database, bare.folder / "data")
    return bare


@dataclass(frozen=True)
class Served:
    """A folder in which a worker of the tiny app runs; `url` is its HTTP port."""

    cli: Cli
    url: str

    def __call__(self, *arguments: str, given: str = "") -> Ended:
        return self.cli(*arguments, given=given)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Served]:
    """A worker that runs as long as the tests of a file."""
    cli = Cli(tmp_path_factory.mktemp("served"), forks)
    with cli.start("worker", "--executors", "1", "--slots", "4", "--grace", "1s") as worker:
        url = worker.until_it_says("health ").split()[1].removesuffix("/health")
        warm = cli("enqueue", "sum.add", '{"a": 1}', "--wait", "--timeout", "30")
        assert warm.code == 0, warm.err
        yield Served(cli, url)
        worker.interrupt()
        worker.end()
