"""`app.run()` and the executor's program, as processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from millhand import App
from millhand.core.state import State
from millhand.worker.messages import LENGTH_BYTES, Failed, unframe
from tests.integration.app import serve_app
from tests.integration.app.serve_app import Greet

PROGRAM = str(serve_app.__file__)


def environment(folder: Path, **more: str) -> dict[str, str]:
    told = {"MILLHAND_DATA_DIR": str(folder), "MILLHAND_WORKER__EXECUTORS": "1", "MILLHAND_LOG__FORMAT": "json"}
    return {**os.environ, **told, **more}


@contextmanager
def started(folder: Path, *command: str, **more: str) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *command], env=environment(folder, **more), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def app_in(folder: Path) -> App:
    return App(database=f"sqlite:///{folder}/millhand.db")


def test_it_works_until_sigterm_and_ends_in_good_order(tmp_path: Path) -> None:
    with started(tmp_path, PROGRAM) as process:
        with app_in(tmp_path).sync() as jobs:
            done = jobs.wait(jobs.enqueue(Greet(name="Ann")), timeout=60)
        assert (done.state, done.result) == (State.COMPLETED, "Good morning, Ann")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert list((tmp_path / "work").iterdir()) == []


def test_settings_that_contradict_each_other_end_it_with_the_reason(tmp_path: Path) -> None:
    with started(tmp_path, PROGRAM, MILLHAND_WORKER__LEASE="1", MILLHAND_WORKER__POLL="3600") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "ConfigError" in errors


def test_an_executor_says_why_it_cannot_load_the_app(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "millhand.app.child", "--app", "nothing_of_test:app", "--workdir", str(tmp_path)]
    done = subprocess.run(
        command, env=environment(tmp_path), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    (failed,) = unframe(done.stdout[LENGTH_BYTES:])
    assert isinstance(failed, Failed)
    assert (done.returncode, failed.failure.code) == (3, "app_not_loadable")
    assert "nothing_of_test" in failed.failure.message


def test_a_program_run_as_a_module_is_found_by_its_executors(tmp_path: Path) -> None:
    with started(tmp_path, "-m", "tests.integration.app.serve_app") as process:
        with app_in(tmp_path).sync() as jobs:
            done = jobs.wait(jobs.enqueue(Greet(name="Ben")), timeout=60)
        assert done.result == "Good morning, Ben"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["level"] == "error"]
