"""The processes of a run: dispatchers that come back after each death, the producer, and what is left of them all."""

import asyncio
import contextlib
import os
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.chaos.app import FOLDER
from tests.chaos.plan import LEASE

EXECUTORS = 2
_MARK = "CHAOS_RUN"
_ENDS_WITHIN = 20.0
_BEFORE_ANOTHER_TRY = 0.3
NOBODY_THERE = 75
"""The code with which a process ends that finds the database out of reach."""
# A second SIGTERM may come when the worker has handed back everything and listens no more.
_AFTER_A_FAULT = {0, -signal.SIGKILL, -signal.SIGTERM}


def settings_of(folder: Path) -> dict[str, str]:
    """The part of their environment that all processes of a run share."""
    return {
        "MILLHAND_DATA_DIR": str(folder / "data"),
        "MILLHAND_HTTP__HOST": "",
        "MILLHAND_LOG__LEVEL": "warning",
        "MILLHAND_WORKER__EXECUTORS": str(EXECUTORS),
        "MILLHAND_WORKER__LEASE": str(LEASE),
        "MILLHAND_WORKER__POLL": "0.2",
        "MILLHAND_WORKER__GRACE": "0.6",
        "MILLHAND_WORKER__KILL_AFTER": "0.5",
        FOLDER: str(folder),
        _MARK: str(folder),
    }


def ready_mark(folder: Path, pid: int) -> Path:
    """The file that a dispatcher's process leaves when its executors are ready."""
    return folder / "ready" / str(pid)


async def start(
    folder: Path, name: str, environment: Mapping[str, str], module: str, *arguments: str
) -> asyncio.subprocess.Process:
    """Start a module of ours as the process of that name; what it says goes to its log."""
    return await start_program(folder, name, environment, sys.executable, "-m", module, *arguments)


async def start_program(
    folder: Path, name: str, environment: Mapping[str, str], *command: str | Path
) -> asyncio.subprocess.Process:
    """Start any program as the process of that name."""
    with (folder / f"{name}.log").open("ab") as said:
        return await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **settings_of(folder), **environment}, stdout=said, stderr=said
        )


@dataclass
class Place(ABC):
    """The place of one process, where one follows the other. While `busy`, a fault is at work on it."""

    folder: Path
    name: str
    environment: Mapping[str, str]
    unexpected: list[str] = field(default_factory=list[str])
    busy: bool = False
    _process: asyncio.subprocess.Process | None = None
    _keeper: asyncio.Task[None] | None = None
    _replaced: asyncio.Event = field(default_factory=asyncio.Event)
    _expected: bool = False
    _stopping: bool = False
    _pause: float = 0.0

    @abstractmethod
    async def start(self) -> asyncio.subprocess.Process:
        """Start one process; `begin` starts the first, and whenever one has ended the next follows."""

    async def begin(self) -> None:
        """Start the first process, and from then on a new one whenever it has ended."""
        self._process = await self.start()
        self._keeper = asyncio.create_task(self._keep())

    @property
    def pid(self) -> int:
        """The present process; 0 if there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else 0

    @property
    def ready(self) -> bool:
        """Whether the present process has begun to work, with all that it needs."""
        return self.pid > 0 and ready_mark(self.folder, self.pid).exists()

    def tell(self, number: signal.Signals) -> None:
        """Send the present process a signal that it survives, or at least may."""
        with contextlib.suppress(ProcessLookupError):
            if self.pid:
                os.kill(self.pid, number)

    async def fell(self, number: signal.Signals, pause: float) -> None:
        """Have it end by a signal; the next one starts `pause` seconds after it has ended, and this returns then."""
        self._replaced.clear()
        self._expected, self._pause = True, pause
        self.tell(number)
        await self._replaced.wait()

    async def finish(self) -> None:
        """Let it end in good order, for good."""
        self._stopping = self._expected = True
        self.tell(signal.SIGTERM)
        if self._keeper is None:
            return
        try:
            await asyncio.wait_for(self._keeper, _ENDS_WITHIN)
        except TimeoutError:
            self.unexpected.append(f"{self.name} did not end within {_ENDS_WITHIN:g} s of SIGTERM")

    async def _keep(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            if code != NOBODY_THERE and not (self._expected and code in _AFTER_A_FAULT):
                self.unexpected.append(f"{self.name} ended with code {code}")
            if self._stopping:
                return
            await asyncio.sleep(max(self._pause, _BEFORE_ANOTHER_TRY if code == NOBODY_THERE else 0.0))
            self._expected, self._pause = False, 0.0
            self._process = await self.start()
            self._replaced.set()


class Dispatcher(Place):
    """The place of a dispatcher."""

    async def start(self) -> asyncio.subprocess.Process:
        """A worker of ours, whose broker is watched."""
        return await start(self.folder, self.name, self.environment, "tests.chaos.worker")

    def executors(self) -> list[psutil.Process]:
        """The executors of the present process, oldest first."""
        with contextlib.suppress(psutil.Error):
            if self.pid:
                children = [
                    each for each in psutil.Process(self.pid).children() if "millhand.app.child" in _words(each)
                ]
                return sorted(children, key=lambda each: each.pid)
        return []


@dataclass
class Producer:
    """The producer, started anew after each kill until it has done its part."""

    folder: Path
    environment: Mapping[str, str]
    arguments: Sequence[str]
    unexpected: list[str] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Have the plan sent, however often the process is killed."""
        while True:
            self._process = await start(
                self.folder, "producer", self.environment, "tests.chaos.producer", *self.arguments
            )
            code = await self._process.wait()
            if code == 0:
                return
            if code not in {-signal.SIGKILL, NOBODY_THERE}:
                self.unexpected.append(f"the producer ended with code {code}")
                return
            await asyncio.sleep(_BEFORE_ANOTHER_TRY if code == NOBODY_THERE else 0.0)

    def kill(self) -> bool:
        """Kill the present process; whether there was one."""
        if self._process is None or self._process.returncode is not None:
            return False
        self._process.kill()
        return True


def of_run(folder: Path) -> Mapping[int, psutil.Process]:
    """Every process that was started in a run and lives, whoever its parent is by now."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(_MARK) == str(folder):
                found[process.pid] = process
    return found


def name_of_executor(process: psutil.Process) -> str:
    """Whose executor it is: the names of its worker and of itself."""
    words = _words(process)
    workdir = Path(words[words.index("--workdir") + 1])
    return f"{workdir.parent.name}.{workdir.name}"


def _words(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []
