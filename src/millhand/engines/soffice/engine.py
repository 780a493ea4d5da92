"""The LibreOffice engine: documents become PDFs, each in a process of its own, by a ladder of two engines.

First a child of the LibreOfficeKit fork server, at nearly warm speed; if that fails, a cold `soffice`; if that fails
too, an error that says why. What counts is the PDF, never an exit code.
"""

import itertools
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from millhand.core.errors import MillhandError
from millhand.engines.soffice import install, sample, workdir
from millhand.engines.soffice.cold import ColdSoffice, remove_sockets
from millhand.engines.soffice.failures import is_final, raise_failure
from millhand.engines.soffice.install import Installation
from millhand.engines.soffice.pdf import PdfExport
from millhand.engines.soffice.servers import ForkServers
from millhand.engines.soffice.values import (
    Attempt,
    Conversion,
    DocumentLimits,
    EngineHealth,
    SofficeSettings,
    Task,
)

_CANARY_LIMITS = DocumentLimits(seconds=30.0)
_EDGE = 1024  # bytes in which a PDF's first and last marks must appear


class Soffice:
    """LibreOffice for one process of millhand. Any number of threads may call `convert` at once.

    Nothing is started before the first document. `workdir` is where its folders go; what dead owners left there is
    removed. Close it when done: that ends everything it started and removes its folders.
    """

    def __init__(self, settings: SofficeSettings, parent: Path) -> None:
        self._settings = settings
        self.folder = workdir.create(parent, farewell=remove_sockets)
        self._numbers = itertools.count(1)
        self._finding = threading.Lock()
        self._rungs: _Rungs | None = None

    def convert(
        self,
        source: Path,
        target: Path,
        export: PdfExport,
        limits: DocumentLimits,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Conversion:
        """Write the PDF of the document `source` to `target` (replaced atomically if on the same file system).

        Raises EngineMissing; DocumentUnreadable, DocumentFailed, PasswordNeeded, DocumentTooDemanding (all permanent);
        ConversionStarved; JobCancelled when `cancelled()` became true.
        """
        rungs = self._found()
        folder = self.folder / f"document-{next(self._numbers)}"
        folder.mkdir()
        try:
            task = Task(folder, _place(source, folder, export.suffix), folder / "document.pdf", export, limits)
            conversion = _climb(rungs, task, cancelled)
            shutil.move(task.target, target)
            return conversion
        finally:
            workdir.remove(folder)

    def check(self) -> EngineHealth:
        """Convert a canary document, and say how that went. Never raises for a sick engine."""
        began = time.monotonic()
        canary = self.folder / f"canary-{next(self._numbers)}.docx"
        version = ""
        try:
            canary.write_bytes(sample.document())
            version = self._found().installation.version
            done = self.convert(canary, canary.with_suffix(".pdf"), PdfExport(".docx"), _CANARY_LIMITS)
        except (MillhandError, OSError) as error:
            return EngineHealth(None, version, time.monotonic() - began, str(error))
        finally:
            canary.unlink(missing_ok=True)
            canary.with_suffix(".pdf").unlink(missing_ok=True)
        return EngineHealth(done.engine, done.version, time.monotonic() - began, done.first_failure or "")

    @property
    def fork_server_pid(self) -> int | None:
        """The process id of the current fork server; None if there is none."""
        kit = self._rungs.kit if self._rungs is not None else None
        server = kit.server() if kit is not None else None
        return server.pid if server is not None else None

    def warm_up(self) -> None:
        """Start the fork server now, so that the first document need not wait for it."""
        self.check()

    def renew(self) -> None:
        """Start afresh with the next document; those under way may end where they are."""
        if self._rungs is not None:
            self._rungs.renew()

    def close(self) -> None:
        """End everything this engine started, and remove its folders. May be called again."""
        if self._rungs is not None and self._rungs.kit is not None:
            self._rungs.kit.close()
        workdir.remove(self.folder)

    def _found(self) -> "_Rungs":
        with self._finding:
            if self._rungs is None:
                self._rungs = _Rungs(install.find(self._settings.installation), self._settings, self.folder)
            return self._rungs


class _Rungs:
    """The engines that this installation can run."""

    def __init__(self, installation: Installation, settings: SofficeSettings, folder: Path) -> None:
        self.installation = installation
        usable = settings.fork_server and installation.library is not None
        self.kit = ForkServers(installation, settings, folder) if usable else None
        self.cold = ColdSoffice(installation, settings, folder / "cold")

    def renew(self) -> None:
        if self.kit is not None:
            self.kit.renew()
        self.cold.renew()


def _climb(rungs: _Rungs, task: Task, cancelled: Callable[[], bool]) -> Conversion:
    kit = rungs.kit if task.export.kit_reads_it else None
    first = _judged(kit.convert(task, cancelled), task) if kit is not None else None
    if first is not None and first.failure is None:
        return _conversion(first, None)
    if first is not None and is_final(first, task.export):
        raise_failure([first], task)
    if task.export.needs_kit:
        raise_failure([first or _no_kit(rungs.installation)], task)
    task.target.unlink(missing_ok=True)
    second = _judged(rungs.cold.convert(task, cancelled), task)
    if second.failure is not None:
        raise_failure([second] if first is None else [first, second], task)
    return _conversion(second, first)


def _no_kit(installation: Installation) -> Attempt:
    return Attempt(
        "libreofficekit",
        installation.version,
        0.0,
        failure="unavailable",
        message="LibreOfficeKit is not installed",
    )


def _judged(attempt: Attempt, task: Task) -> Attempt:
    """The attempt, judged by its output: success is a whole PDF."""
    if attempt.failure is not None or _is_whole_pdf(task.target):
        return attempt
    return Attempt(
        attempt.rung,
        attempt.version,
        attempt.seconds,
        attempt.cpu_seconds,
        attempt.peak_memory,
        failure="save",
        message="it wrote no complete PDF",
    )


def _is_whole_pdf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begins = b"%PDF-" in file.read(_EDGE)
            file.seek(max(0, path.stat().st_size - _EDGE))
            return begins and b"%%EOF" in file.read()
    except OSError:
        return False


def _conversion(attempt: Attempt, first: Attempt | None) -> Conversion:
    return Conversion(
        engine=attempt.rung,
        version=attempt.version,
        seconds=attempt.seconds,
        cpu_seconds=attempt.cpu_seconds,
        peak_memory=attempt.peak_memory,
        first_failure=first.message if first is not None else None,
    )


def _place(source: Path, folder: Path, suffix: str) -> Path:
    """The document in its own folder under a name that LibreOffice reads by: linked if possible, else copied."""
    placed = folder / f"document{suffix}"
    try:
        os.link(source.resolve(), placed)
    except OSError:
        shutil.copyfile(source, placed)
    return placed
