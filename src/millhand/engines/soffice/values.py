"""The values that go into the LibreOffice engine and come out of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from millhand.engines.soffice.pdf import PdfExport

Rung: TypeAlias = Literal["libreofficekit", "soffice"]

_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class DocumentLimits:
    """What one document may use: wall time in seconds, resident memory of its process tree and output size in bytes."""

    seconds: float = 120.0
    memory: int = 2048 * _MEGABYTE
    output: int = 1024 * _MEGABYTE


@dataclass(frozen=True)
class SofficeSettings:
    """How the engine runs.

    `installation` is LibreOffice's root folder (None: find it). The fork server is replaced after
    `recycle_documents` documents or `recycle_seconds`; `readable` are more folders that documents' processes may read,
    for example with fonts. With `fork_server` false every document gets a cold LibreOffice.
    """

    installation: Path | None = None
    fork_server: bool = True
    recycle_documents: int = 500
    recycle_seconds: float = 3600.0
    start_seconds: float = 30.0
    readable: tuple[Path, ...] = field(default=())


@dataclass(frozen=True)
class Conversion:
    """A conversion that succeeded: by which engine and version, in how many seconds, with how much memory.

    `peak_memory` is in bytes, shared pages included. `first_failure` says why the first rung of the ladder failed, if
    it did.
    """

    engine: Rung
    version: str
    seconds: float
    cpu_seconds: float
    peak_memory: int
    first_failure: str | None = None


@dataclass(frozen=True)
class EngineHealth:
    """The answer of a canary document: by which engine it was converted (None: by none), and how long it took.

    `detail` is the reason when an engine failed.
    """

    engine: Rung | None
    version: str
    seconds: float
    detail: str = ""

    @property
    def healthy(self) -> bool:
        """Whether documents can be converted at all."""
        return self.engine is not None


@dataclass(frozen=True)
class Task:
    """One document on its way through a rung: its folder, input and output in it, how to export it, its limits."""

    folder: Path
    source: Path
    target: Path
    export: PdfExport
    limits: DocumentLimits


FailureKind: TypeAlias = Literal[
    "load",
    "unrecognised",
    "change",
    "save",
    "setup",
    "crash",
    "gone",
    "time",
    "memory",
    "output",
    "cancelled",
    "unavailable",
]


@dataclass(frozen=True)
class Attempt:
    """How one rung fared with one document. `failure` is None when it says that the PDF was written."""

    rung: Rung
    version: str
    seconds: float
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    failure: FailureKind | None = None
    message: str = ""
