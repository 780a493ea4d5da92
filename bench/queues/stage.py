"""The stage for one measurement of one queue: an empty place, its marks, and the processes that drive it."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.environment import ROOT
from bench.processes import is_alive, running
from bench.queues.contenders import Queue
from bench.queues.marks import VARIABLE, Marks

_PATIENCE = 60.0
_LONGEST = 300.0


class StageError(Exception):
    """A process that drives the queue failed, or the worker did not come up."""


class Stage:
    """A queue in an empty place, ready to be driven. `address` is that of the server it uses, if any."""

    def __init__(self, queue: Queue, place: Path, address: str, jobs: int, *, executors: int = 1) -> None:
        place.mkdir()
        self._queue = queue
        self._executors = executors
        self._place = place
        marks = place / "marks"
        self.marks = Marks.create(marks, jobs)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")},
            **queue.environment(place, address, executors),
            VARIABLE: str(marks),
            "PYTHONPATH": str(ROOT),
        }
        self.drive("prepare")

    def drive(self, action: str, **options: float) -> dict[str, float]:
        """Do one action in a process of its own, and return what it measured."""
        with self._started(action, **options) as driver:
            return driver.result()

    @contextmanager
    def watching(self, **options: float) -> Iterator["Driver"]:
        """Watch the jobs from a process that is started before the worker."""
        with self._started("watch", **options) as driver:
            yield driver

    @contextmanager
    def worker(self) -> Iterator[list[psutil.Process]]:
        """Run the worker, with all its processes."""
        programs = self._executors if self._queue.process_each else 1
        command = self._command("work", executors=self._executors)
        with running([command] * programs, self._place, self._environment) as started:
            yield started

    def wait_for(self, number: int, worker: Sequence[psutil.Process]) -> None:
        """Wait until the worker has started a job; raises StageError."""
        deadline = time.monotonic() + _PATIENCE
        while not self.marks.is_started(number):
            if time.monotonic() > deadline or not any(is_alive(program) for program in worker):
                raise StageError(f"{self._queue.contender.name}: a job did not start\n{self.said()}")
            time.sleep(0.01)

    def said(self) -> str:
        """The last of what the worker wrote."""
        return "\n".join(path.read_text(errors="replace")[-2_000:] for path in self._place.glob("said-*.txt"))

    @contextmanager
    def _started(self, action: str, **options: float) -> Iterator["Driver"]:
        process = subprocess.Popen(
            self._command(action, **options),
            cwd=self._place,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Driver(f"{self._queue.contender.name}: {action}", process)
        finally:
            process.kill()
            process.communicate()

    def _command(self, action: str, **options: float) -> list[str]:
        flags = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        return [*self._queue.driver(), action, *flags]


class Driver:
    """A process that does one action with a queue."""

    def __init__(self, what: str, process: "subprocess.Popen[str]") -> None:
        self._what = what
        self._process = process

    def result(self) -> dict[str, float]:
        """Wait for what it measured; raises StageError."""
        try:
            said, complained = self._process.communicate(timeout=_LONGEST)
        except subprocess.TimeoutExpired as error:
            raise StageError(f"{self._what} took more than {_LONGEST:g} s") from error
        if self._process.returncode != 0:
            raise StageError(f"{self._what} failed\n{complained[-2_000:]}")
        return json.loads(said.splitlines()[-1])
