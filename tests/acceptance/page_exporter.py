"""`millhand worker page-export` as a process, on an application of the tests."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.request import urlopen

from millhand import App
from millhand.config import Settings
from millhand.services.page_export.service import kinds
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.service import Told
from tests.integration.services.application import Application
from tests.support import wait_until

UP_WITHIN = 90.0
DONE_WITHIN = 90.0


@dataclass
class Worker:
    """A worker that runs; what it writes is kept."""

    process: "subprocess.Popen[str]"
    out: list[str] = field(default_factory=list[str])
    err: list[str] = field(default_factory=list[str])
    _listeners: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def listen(self) -> None:
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            assert stream is not None
            listener = threading.Thread(target=_read, args=(stream, lines))
            listener.start()
            self._listeners.append(listener)

    def wait_for(self, words: str) -> str:
        """The first line that has these words, on either stream."""
        return wait_until(lambda: next(iter(self.having(words)), ""), within=DONE_WITHIN, what=f"{words} in {self.err}")

    def having(self, words: str) -> list[str]:
        return [line for line in [*self.out, *self.err] if words in line]

    @property
    def url(self) -> str:
        """Its HTTP port."""
        return self.wait_for("health   ").split()[1].removesuffix("/health")

    def get(self, path: str) -> str:
        with urlopen(f"{self.url}{path}", timeout=10) as answer:  # noqa: S310 - its own http address
            return answer.read().decode()

    def terminate(self) -> int:
        """End it as a container is ended; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        code = self.process.wait(DONE_WITHIN)
        for listener in self._listeners:
            listener.join(DONE_WITHIN)
        return code


@contextmanager
def working(folder: Path, application: Application, *options: str, **variables: str) -> Iterator[Worker]:
    """A worker in a folder, as long as the block lasts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    told = {"API_URL": application.url, "EXPORT_DIR": "exports", "API_TIMEOUT": "5", "MILLHAND_HTTP__PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "millhand", "worker", "page-export", *options],
        cwd=folder,
        env={**kept, **told, "PYTHONUTF8": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    worker = Worker(process)
    worker.listen()
    try:
        yield worker
    finally:
        if process.poll() is None:
            worker.kill()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


@asynccontextmanager
async def producing(folder: Path) -> AsyncIterator[App]:
    """A producer on the embedded queue in that folder."""
    app = App(settings=Settings(database=f"sqlite:///{folder}/data/millhand.db", data_dir=folder / "data"))
    (folder / "data").mkdir(exist_ok=True)
    app.include(kinds(Told(lambda: app.settings, PageExportSettings.read)))
    async with app:
        yield app


def _read(stream: IO[str], lines: list[str]) -> None:
    lines.extend(line.rstrip("\n") for line in stream)  # each as it comes
