"""The tour's worker: one real worker process on a fresh SQLite file serves the kinds of all chapters."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from millhand import App
from tests.tour.serve import Ready

SERVE = Path(__file__).with_name("serve.py")
UP_WITHIN = 60.0


@contextmanager
def worker(data_dir: Path) -> Generator[None]:
    """Start `python serve.py`, wait until it takes jobs, and end it as a service manager would: by SIGTERM."""
    database = f"sqlite:///{data_dir}/millhand.db"
    with subprocess.Popen([sys.executable, str(SERVE)], env={**os.environ, **_settings(data_dir)}) as process:
        try:
            with App(database=database).sync() as jobs:
                jobs.wait(jobs.enqueue(Ready()), timeout=UP_WITHIN)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tour's queue and files are."""
    return tmp_path_factory.mktemp("tour")


@pytest.fixture(scope="session")
def _worker(data_dir: Path) -> Generator[None]:
    with worker(data_dir):
        yield


@pytest.fixture(autouse=True)
def _find_the_queue(_worker: None, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _settings(data_dir).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder(data_dir: Path, request: pytest.FixtureRequest) -> Path:
    """A folder of one test alone, inside the data folder, where jobs may read and write."""
    made = data_dir / "files" / request.node.name
    made.mkdir(parents=True)
    return made


def _settings(data_dir: Path) -> dict[str, str]:
    return {"MILLHAND_DATA_DIR": str(data_dir), "MILLHAND_WORKER__EXECUTORS": "2", "MILLHAND_LOG__LEVEL": "warning"}
