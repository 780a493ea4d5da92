"""A real worker of millhand's own kinds as a process, and the questions that tests ask of it and of its jobs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from millhand import App, Job
from millhand.app.built_in import app as built_in
from millhand.app.sync import SyncApp
from millhand.blobs.urls import url_of
from millhand.config import Settings
from millhand.engines.soffice import sample
from millhand.handlers.documents.convert import ConvertDocument
from millhand.handlers.documents.options import PdfOptions
from millhand.ledger.views import JobDetail
from tests.support import wait_until

WITHIN = 90.0
"""Seconds; far more than anything here takes on a quiet machine."""


@dataclass(frozen=True)
class Office:
    """A worker that serves the folder `files`, and keeps its own things in `data` and `temporary`."""

    process: psutil.Process
    jobs: SyncApp
    folder: Path

    @property
    def files(self) -> Path:
        return self.folder / "files"

    def enqueue(self, source: Path | str, target: str = "", **options: object) -> Job[ConvertDocument]:
        url = source if isinstance(source, str) else url_of(source)
        return self.jobs.enqueue(ConvertDocument(source=url, target=target, options=PdfOptions.model_validate(options)))

    def settled(self, job: Job[ConvertDocument]) -> JobDetail:
        self.jobs.wait(job, WITHIN)
        return self.jobs.history(job)

    def convert(self, source: Path | str, target: str = "", **options: object) -> JobDetail:
        return self.settled(self.enqueue(source, target, **options))

    def convert_a_good_one(self) -> JobDetail:
        good = self.files / "good.docx"
        good.write_bytes(sample.document())
        return self.convert(good)

    def executors(self) -> list[psutil.Process]:
        return [one for one in self.process.children() if "millhand.app.child" in one.cmdline()]

    def memory_of_executors(self) -> int:
        """The most that an executor itself ever held, in bytes; what it starts does not count."""
        return max(_peak(one.pid) for one in self.executors())

    def leftovers(self) -> list[str]:
        """What documents left: dead processes, scratch folders, folders of single documents, temporary files."""
        dead = [one for one in self.process.children(recursive=True) if one.status() == psutil.STATUS_ZOMBIE]
        work = (self.folder / "data" / "work").rglob("*")
        folders = [path for path in work if path.name.startswith(("document-", "canary-")) or _is_scratch(path)]
        return [str(one) for one in (*dead, *folders, *(self.folder / "temporary").iterdir())]


@contextmanager
def running_worker(folder: Path, **settings: str) -> Iterator[psutil.Process]:
    """A worker with one executor of two slots; it is drained at the end."""
    for name in ("files", "data", "temporary"):
        (folder / name).mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    environment |= {"MILLHAND_HTTP__HOST": "", "MILLHAND_BLOB_ROOTS": "files", "TMPDIR": str(folder / "temporary")}
    command = [sys.executable, "-m", "millhand", "worker", "--executors", "1", "--slots", "2"]
    with (folder / "said.txt").open("wb") as said:
        worker = subprocess.Popen(command, cwd=folder, env=environment | settings, stdout=said, stderr=said)
    try:
        wait_until((folder / "data" / "millhand.db").exists, within=WITHIN, what="the worker's database")
        yield psutil.Process(worker.pid)
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(WITHIN)
        finally:
            worker.kill()


@contextmanager
def connected(worker: psutil.Process, folder: Path) -> Iterator[Office]:
    """The way to a worker that runs in a folder."""
    app = App(settings=Settings(database=f"sqlite:///{folder}/data/millhand.db", data_dir=folder / "data"))
    app.include(built_in)
    with app.sync() as jobs:
        yield Office(worker, jobs, folder)


def warnings_of(detail: JobDetail) -> list[str]:
    """The lines of a job's log that may need a look."""
    return [event.text for event in detail.events if event.level == "warning"]


def _is_scratch(path: Path) -> bool:
    return path.parent.name == "scratch"


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
