"""The Word engine: one Word, one document at a time, and a watchdog that ends just the process that hangs."""

import contextlib
import itertools
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from millhand.core.errors import JobCancelled, MillhandError
from millhand.engines import windows_job
from millhand.engines.meter import TreeMeter
from millhand.engines.process import ProcessLimits, StopReason, watch
from millhand.engines.soffice import sample, workdir
from millhand.engines.soffice.errors import DocumentTooDemanding
from millhand.engines.word.apartment import Apartment, settled
from millhand.engines.word.driver import Driver
from millhand.engines.word.errors import WordBusy, WordDied, WordFailed, WordHung
from millhand.engines.word.port import Com, Connect
from millhand.engines.word.values import WordConversion, WordExport, WordHealth, WordOrder, WordSettings

_DEAD = 10.0  # seconds that a call may take to come back once its Word has been ended
_EDGE = 1024


class Word:
    """Word for one process of millhand. Nothing is started before the first document; close it when done."""

    def __init__(self, settings: WordSettings, parent: Path, connect: Connect) -> None:
        self._settings = settings
        self._connect = connect
        self._folder = workdir.create(parent)
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()
        self._running: _Running | None = None
        self._rest_until = 0.0

    @property
    def pid(self) -> int | None:
        """The process id of the current Word, if there is one."""
        return self._running.process.pid if self._running is not None else None

    def convert(
        self, source: Path, target: Path, suffix: str, export: WordExport, cancelled: Callable[[], bool]
    ) -> WordConversion:
        """Write the PDF of `source`, which Word shall see under that suffix (with the dot), to `target`.

        Raises `WordMissing`, `DocumentUnreadable`, `PasswordNeeded`, `DocumentTooDemanding` (permanent); `WordBusy`,
        `WordHung`, `WordDied`, `WordFailed`; `JobCancelled` when `cancelled()` became true.
        """
        if not self._turn.acquire(timeout=self._settings.busy_seconds):
            raise WordBusy(f"Word had no time for the document within {self._settings.busy_seconds:g} s.")
        folder = self._folder / f"document-{next(self._numbers)}"
        folder.mkdir()
        try:
            # A copy of the content alone: marks of where it came from would have Word open it in protected view.
            placed = Path(shutil.copyfile(source, folder / f"document{suffix}"))
            made = self._twice(WordOrder(placed, folder / "document.pdf", export), cancelled)
            shutil.move(folder / "document.pdf", target)
            return made
        finally:
            workdir.remove(folder)
            self._turn.release()

    def check(self) -> WordHealth:
        """Convert a canary, and say how that went. Never raises for a Word that is sick."""
        began = time.monotonic()
        canary = self._folder / f"canary-{next(self._numbers)}.docx"
        canary.write_bytes(sample.document())
        try:
            made = self.convert(canary, canary.with_suffix(".pdf"), ".docx", WordExport(), lambda: False)
        except (MillhandError, OSError) as error:
            return WordHealth("", time.monotonic() - began, str(error))
        return WordHealth(made.version, made.seconds)

    def close(self) -> None:
        """End Word and remove its folders. May be called again."""
        with self._turn:
            self._quit()
        workdir.remove(self._folder)

    def _twice(self, order: WordOrder, cancelled: Callable[[], bool]) -> WordConversion:
        """Convert; once more by a new Word if the first one died, which need not be the document's fault."""
        try:
            return self._once(order, cancelled)
        except WordDied:
            order.target.unlink(missing_ok=True)
            return self._once(order, cancelled)

    def _once(self, order: WordOrder, cancelled: Callable[[], bool]) -> WordConversion:
        word = self._running or self._start()
        began, limits = time.monotonic(), ProcessLimits(self._settings.seconds, self._settings.memory)
        meter = TreeMeter(word.process.pid)
        future = word.apartment.submit(lambda: word.driver.convert(order))
        stopped_by = watch(meter, limits, cancelled, lambda seconds: settled(future, seconds))
        if stopped_by is not None:
            word.end()
            self._forget()
            settled(future, _DEAD)
            raise self._stopped(stopped_by)
        try:
            repaired = future.result()
        except MillhandError as error:
            if not isinstance(error, WordDied) and word.lives:
                raise
            self._forget()
            raise WordDied(error.message) from error
        finally:
            word.documents += 1
            if word.documents >= self._settings.recycle_documents:
                self._quit()
        self._judge(order)
        return WordConversion(word.version, time.monotonic() - began, meter.peak_memory, repaired)

    def _start(self) -> "_Running":
        if time.monotonic() < self._rest_until:
            raise WordBusy("Word did not start a moment ago; it is left alone for a while.")
        com = self._connect()
        before = com.processes()
        apartment, driver = Apartment(com), Driver(com)
        future = apartment.submit(driver.start)
        try:
            if not settled(future, self._settings.start_seconds):
                raise WordHung(f"Word did not start within {self._settings.start_seconds:g} s.")
            pid, version = future.result()
            pid = pid or _only(com.processes() - before)
            if pid is None:
                raise WordFailed("Word started, but which process it is can't be told; it could not be ended.")
            self._running = _Running(com, apartment, driver, psutil.Process(pid), version)
        except (MillhandError, psutil.Error) as error:
            self._rest_until = time.monotonic() + self._settings.rest_seconds
            _end(_only(com.processes() - before))
            apartment.close(0)
            raise error if isinstance(error, MillhandError) else WordDied("Word ended as it started.") from error
        return self._running

    def _stopped(self, reason: StopReason) -> MillhandError:
        match reason:
            case "cancelled":
                return JobCancelled("The conversion was cancelled.")
            case "memory":
                return DocumentTooDemanding(f"Word needs more than the allowed {self._settings.memory:,} bytes for it.")
            case "time":
                return WordHung(f"Word did not finish within {self._settings.seconds:g} s; its process was ended.")

    def _judge(self, order: WordOrder) -> None:
        if not _is_whole_pdf(order.target):
            raise WordFailed("Word wrote no complete PDF.")
        if order.target.stat().st_size > self._settings.output:
            raise DocumentTooDemanding(f"The PDF is larger than the allowed {self._settings.output:,} bytes.")

    def _quit(self) -> None:
        word = self._running
        if word is not None:
            future = word.apartment.submit(word.driver.quit)
            if not settled(future, self._settings.quit_seconds) or future.exception() is not None:
                word.end()
            word.wait(self._settings.quit_seconds)
            self._forget()

    def _forget(self) -> None:
        """Let go of the current Word, whose process is gone or goes now."""
        word, self._running = self._running, None
        if word is not None:
            word.end()
            word.apartment.close(_DEAD)
            word.com.forget_crash(word.version)


@dataclass(eq=False)
class _Running:
    """A Word that runs, and what belongs to it. It is in a job, so that it ends with us however we end."""

    com: Com
    apartment: Apartment
    driver: Driver
    process: psutil.Process
    version: str
    documents: int = 0

    def __post_init__(self) -> None:
        self._job = windows_job.holding(self.process.pid)

    @property
    def lives(self) -> bool:
        return self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE

    def wait(self, seconds: float) -> None:
        """Give it time to end by itself."""
        with contextlib.suppress(psutil.Error):
            self.process.wait(seconds)

    def end(self) -> None:
        """End this process and no other: psutil knows it from one that has its number by now."""
        with contextlib.suppress(psutil.Error):
            self.process.kill()
            self.process.wait(_DEAD)
        if self._job is not None:
            self._job.close()


def _only(born: frozenset[int]) -> int | None:
    """The Word that has come since, if there is no doubt which one that is: a person may have started one as well."""
    return next(iter(born)) if len(born) == 1 else None


def _end(pid: int | None) -> None:
    """End what a failed start left behind, if that is known."""
    if pid is not None:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            process.kill()
            process.wait(_DEAD)


def _is_whole_pdf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begins = b"%PDF-" in file.read(_EDGE)
            file.seek(max(0, path.stat().st_size - _EDGE))
            return begins and b"%%EOF" in file.read()
    except OSError:
        return False
