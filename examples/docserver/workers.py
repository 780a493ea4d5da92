"""Workers as an operator has them: a folder with a docserver.env, and a process that can hang, die and be stopped."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from examples.docserver.producers import BUCKET
from millhand.testing.s3 import S3Server

_MADE_HERE = "SELECT jobs.id FROM attempts JOIN jobs ON jobs.seq = attempts.job WHERE attempts.state = 'completed'"
_LEASE = "5s"
"""Shorter than the usual 15 s, so that nobody has to wait long for what a dead worker held."""


class Worker:
    """`millhand worker docserver` in a folder of its own."""

    def __init__(self, name: str, folder: Path, server: S3Server) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        env_file = self.folder / "docserver.env"
        env_file.touch(mode=0o600)
        env_file.write_text(
            f"MINIO_ENDPOINT=127.0.0.1\nMINIO_PORT={server.ports['s3']}\nMINIO_SECURE=false\n"
            f"MINIO_ACCESS_KEY={server.access.access_key_id}\nMINIO_SECRET_KEY={server.access.secret_access_key}\n"
            f"MINIO_BUCKET={BUCKET}\n"
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MILLHAND_", "MINIO_"))}
        quick = {"MILLHAND_HTTP__PORT": "0", "MILLHAND_WORKER__EXECUTORS": "1", "MILLHAND_WORKER__LEASE": _LEASE}
        with (self.folder / "worker.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "millhand", "worker", "docserver"],
                cwd=self.folder,
                env={**kept, **quick},
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "worker.log").read_text()

    @property
    def is_ready(self) -> bool:
        """Whether it has come up."""
        return "Ctrl-C" in self.log

    @property
    def lives(self) -> bool:
        """Whether it is the process that was started, and has not ended."""
        return self.process.poll() is None

    def holds(self, holder: str) -> bool:
        """Whether that is its name in the bucket: its host, its process, and something new."""
        return f"-{self.process.pid}-" in holder

    def hang(self) -> None:
        """Let it stand still, with all its processes, as a machine does that is put to sleep."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it, with all its processes, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        self.process.terminate()
        return self.process.wait(60)

    def made(self) -> Counter[str]:
        """How often it settled each document as converted, by its own history."""
        with closing(sqlite3.connect(self.folder / "data" / "millhand.db")) as database:
            return Counter(job_id for (job_id,) in database.execute(_MADE_HERE))


class Workers:
    """All workers of one story."""

    def __init__(self, folder: Path, server: S3Server) -> None:
        self._folder = folder
        self._server = server
        self.all: list[Worker] = []

    def start(self, name: str) -> Worker:
        """One more."""
        worker = Worker(name, self._folder, self._server)
        self.all.append(worker)
        return worker

    def made(self) -> Counter[str]:
        """How often each document was settled as converted, by whichever worker."""
        return sum((worker.made() for worker in self.all), Counter[str]())

    def end(self) -> None:
        """Leave none behind."""
        for worker in self.all:
            if worker.lives:
                worker.kill()


@contextmanager
def workers_on(server: S3Server, folder: Path) -> Iterator[Workers]:
    """Workers that end with the block."""
    workers = Workers(folder, server)
    try:
        yield workers
    finally:
        workers.end()
