"""Run a worker for a test, in the test's own process or in one of its own, and see what its handlers did."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from millhand import App, Job
from millhand.app.running import Worker, open_worker
from millhand.config import Settings
from millhand.config.settings import WorkerSettings
from millhand.core.state import FINAL, State
from millhand.ledger.views import JobRecord
from tests.integration.worker.faults_app import end_mark, registry, word
from tests.support import poll_until

TARGET = "tests.integration.worker.faults_app:app"
UP_WITHIN = 30.0


@dataclass(frozen=True)
class Call:
    """One call of a handler: of which job, in which process, at which instant."""

    job_id: str
    pid: int
    at: int


def app_in(folder: Path, *, database: str = "", **worker: Any) -> App:  # noqa: ANN401 - any of the settings
    """An app with the misbehaving handlers, with its queue in this folder unless there is another database."""
    settings = Settings(
        database=database or f"sqlite:///{folder}/millhand.db",
        data_dir=folder,
        worker=WorkerSettings(**{"executors": 2, "poll": 0.2, "lease": 5.0, **worker}),
    )
    app = App(settings=settings)
    app.include(registry)
    return app


@asynccontextmanager
async def serving(app: App) -> AsyncGenerator[Worker]:
    """A worker that runs and has all its executors; it is drained at the end, if that has not happened."""
    async with app, open_worker(app, TARGET) as worker:
        running = asyncio.create_task(worker.run())
        try:
            wanted = app.settings.worker.executors
            await poll_until(lambda: worker.executors()["ready"] == wanted, within=UP_WITHIN, what="executors ready")
            yield worker
        finally:
            worker.dispatcher.drain()
            await running


@asynccontextmanager
async def process_serving(app: App) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A worker in a process of its own, which is killed at the end if it has not ended; its folder gets its log."""
    settings = app.settings
    environment = {
        "MILLHAND_DATABASE": settings.database,
        "MILLHAND_DATA_DIR": str(settings.data_dir),
        "MILLHAND_HTTP__HOST": "",
        "MILLHAND_WORKER__EXECUTORS": str(settings.worker.executors),
        "MILLHAND_WORKER__LEASE": str(settings.worker.lease),
        "MILLHAND_WORKER__POLL": str(settings.worker.poll),
        "MILLHAND_WORKER__GRACE": str(settings.worker.grace),
        "MILLHAND_WORKER__KILL_AFTER": str(settings.worker.kill_after),
    }
    with _log(settings.data_dir).open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.worker.faults_app",
            env={**os.environ, **environment},
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def said(folder: Path) -> str:
    """What the workers in processes of their own have said."""
    return _log(folder).read_text()


def _log(folder: Path) -> Path:
    return folder / "worker.log"


def calls(folder: Path, job: Job[Any] | None = None) -> list[Call]:
    """The calls of handlers so far, of one job or of all."""
    path = folder / "calls"
    lines = path.read_text().splitlines() if path.exists() else []
    found = [Call(job_id, int(pid), int(at)) for job_id, pid, at in (line.split() for line in lines)]
    return [call for call in found if job is None or call.job_id == job.id]


async def called(folder: Path, job: Job[Any], times: int = 1, within: float = UP_WITHIN) -> list[Call]:
    """Wait until the job's handler has been called so many times."""
    await poll_until(lambda: len(calls(folder, job)) >= times, within=within, what=f"{times} calls of {job.kind}")
    return calls(folder, job)


def let_end(folder: Path, job: Job[Any], attempt: int = 1) -> None:
    """Tell an attempt to end whose handler waits for that."""
    word(folder, job.id, attempt).touch()


def has_ended(folder: Path, job: Job[Any], attempt: int = 1) -> bool:
    """Whether the handler of an attempt that was told to end has ended."""
    return end_mark(folder, job.id, attempt).exists()


async def record_of(app: App, job: Job[Any]) -> JobRecord:
    """What the ledger knows of a job."""
    return (await (await app.backend()).inspector.records([job.id]))[job.id]


async def settled(app: App, job: Job[Any], within: float = UP_WITHIN) -> JobRecord:
    """Wait for a job's final state."""
    return await _when(app, job, lambda record: record.state in FINAL, within)


async def in_state(app: App, job: Job[Any], state: State, within: float = UP_WITHIN) -> JobRecord:
    """Wait for a job to be in a state."""
    return await _when(app, job, lambda record: record.state is state, within)


async def _when(app: App, job: Job[Any], holds: Callable[[JobRecord], bool], within: float) -> JobRecord:
    async def look() -> JobRecord | None:
        record = await record_of(app, job)
        return record if holds(record) else None

    found: Awaitable[JobRecord | None] = poll_until(look, within=within, what=f"{job.kind} as expected")
    record = await found
    assert record is not None
    return record


async def causes(app: App, job: Job[Any]) -> list[tuple[str, str]]:
    """How the attempts of a job ended: the cause of each, and the state it led to."""
    detail = await app.history(job)
    return [(str(attempt.cause), str(attempt.state)) for attempt in detail.attempts]


def executors_of(pid: int) -> list[psutil.Process]:
    """The executors of a worker's process."""
    return [child for child in psutil.Process(pid).children() if "millhand.app.child" in child.cmdline()]
