"""The second engine: a cold `soffice` of its own for each document, with a copy of a seeded profile."""

import hashlib
import itertools
import threading
from collections.abc import Callable
from pathlib import Path

from millhand.engines.process import Ended, Order, ProcessLimits, run
from millhand.engines.soffice import fonts, profile, reach
from millhand.engines.soffice.install import Installation
from millhand.engines.soffice.values import Attempt, FailureKind, SofficeSettings, Task

_RESTART = 81  # LibreOffice changed its profile at the first start and wants to be started again
_FILTERS = {
    "writer": "writer_pdf_Export",
    "writer_web": "writer_web_pdf_Export",
    "calc": "calc_pdf_Export",
    "impress": "impress_pdf_Export",
    "draw": "draw_pdf_Export",
}
_IMPORT_FILTERS = {"calc": "Text - txt - csv (StarCalc)", "writer": "Text (encoded)"}
_SAID = "said-cold.txt"
_NOT_WRITTEN = "impl_store"  # the function that failed, in its message
_LINE = 300  # characters
_OPTIONS_SINCE = (7, 4)
# Where LibreOffice puts the socket by which instances of one profile meet; it can't be told otherwise.
_SOCKETS = Path("/tmp")  # noqa: S108 - LibreOffice's choice


class ColdSoffice:
    """Starts a LibreOffice per document. Any number of threads may call `convert` at once."""

    def __init__(self, installation: Installation, settings: SofficeSettings, folder: Path) -> None:
        self._installation = installation
        self._settings = settings
        self._folder = folder
        self._preparing = threading.Lock()
        self._numbers = itertools.count(1)
        self._template: Path | None = None

    def convert(self, task: Task, cancelled: Callable[[], bool]) -> Attempt:
        """Convert a document within its limits. Whether there is a PDF is for the caller to see: the exit code lies."""
        own_profile = profile.copy(self._prepared(cancelled), task.folder / "profile")
        try:
            ended = self._run(own_profile, task.folder, self._conversion(task), task, cancelled)
        finally:
            _remove_socket(own_profile)
        return Attempt(
            rung="soffice",
            version=self._installation.version,
            seconds=ended.seconds,
            cpu_seconds=ended.cpu_seconds,
            peak_memory=ended.peak_memory,
            failure=ended.stopped_by or (None if task.target.exists() else _failure(ended)),
            message=_reason(ended),
        )

    def renew(self) -> None:
        """Let the next document have a profile from a new template."""
        with self._preparing:
            self._template = None

    def _prepared(self, cancelled: Callable[[], bool]) -> Path:
        """The template profile: seeded, then started once, so that no document's start has to change it."""
        with self._preparing:
            if self._template is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                template = profile.seed(
                    self._folder / f"template-{next(self._numbers)}", self._installation.major_minor
                )
                limits = ProcessLimits(self._settings.start_seconds, 2 << 30)
                order = self._order(template, self._folder, ("--terminate_after_init",))
                for _ in range(2):
                    if run(order, limits, cancelled, self._folder / "said.txt").exit_code != _RESTART:
                        break
                self._template = template
            return self._template

    def _conversion(self, task: Task) -> tuple[str, ...]:
        export = task.export
        output = f"pdf:{_FILTERS[export.family]}"
        if _options_understood(self._installation.version):
            output += f":{export.filter_options()}"
        options = ["--convert-to", output, "--outdir", str(task.target.parent), str(task.source)]
        if export.import_options:
            options.insert(0, f"--infilter={_IMPORT_FILTERS.get(export.family, '')}:{export.import_options}")
        return tuple(options)

    def _run(
        self,
        own_profile: Path,
        folder: Path,
        options: tuple[str, ...],
        task: Task,
        cancelled: Callable[[], bool],
    ) -> Ended:
        limits = ProcessLimits(task.limits.seconds, task.limits.memory)
        order = self._order(own_profile, folder, options)
        said = folder / _SAID
        ended = run(order, limits, cancelled, said)
        return run(order, limits, cancelled, said) if ended.exit_code == _RESTART else ended

    def _order(self, own_profile: Path, folder: Path, options: tuple[str, ...]) -> Order:
        temporary = dict.fromkeys(("TMPDIR", "TMP", "TEMP", "HOME"), str(folder))
        return Order(
            command=(
                str(self._installation.executable),
                f"-env:UserInstallation={own_profile.as_uri()}",
                "--headless",
                "--invisible",
                "--norestore",
                "--nologo",
                "--nodefault",
                "--nolockcheck",
                *options,
            ),
            folder=folder,
            environment={"SAL_USE_VCLPLUGIN": "svp", **fonts.environment(), **temporary},
            no_network=True,
            readable=reach.readable(self._installation, self._settings.readable),
            writable=(folder, own_profile, *reach.WRITABLE),
            sockets=(_SOCKETS,),
        )


def _failure(ended: Ended) -> FailureKind:
    return "save" if _NOT_WRITTEN in ended.output else "load"


def _reason(ended: Ended) -> str:
    """What it said that went wrong; first it says what it is going to do."""
    lines = [line.strip() for line in ended.output.splitlines()]
    told = next((line for line in lines if line and not line.startswith("convert /")), "")
    return told[:_LINE] or f"it ended with exit code {ended.exit_code} and wrote nothing"


def _options_understood(version: str) -> bool:
    parts = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    return tuple(parts) >= _OPTIONS_SINCE


def remove_sockets(work: Path) -> None:
    """Remove the sockets that LibreOffice left for profiles in a work folder whose owner was killed."""
    for own_profile in (*work.glob("document-*/profile"), *work.glob("*/template-*")):
        _remove_socket(own_profile.resolve())


def _remove_socket(own_profile: Path) -> None:
    """Remove the socket that a killed LibreOffice leaves: it is named after the MD5 of the profile's URL in UTF-16."""
    digest = hashlib.md5(own_profile.as_uri().encode("utf-16-le"), usedforsecurity=False).digest()
    name = "".join(f"{byte:x}" for byte in digest)
    for socket in _SOCKETS.glob(f"OSL_PIPE_*{name}"):
        socket.unlink(missing_ok=True)
