"""From failed attempts to one error that says, in words for people, why the document did not become a PDF."""

from typing import NoReturn

from millhand.core.errors import EngineFailed, EngineMissing, JobCancelled
from millhand.engines.soffice.errors import (
    ConversionStarved,
    DocumentFailed,
    DocumentTooDemanding,
    DocumentUnreadable,
    PasswordNeeded,
)
from millhand.engines.soffice.pdf import PdfExport
from millhand.engines.soffice.values import Attempt, Task

_STARVED = 0.3  # of the time limit: a document with less processor time than this was kept waiting by others
_MEGABYTE = 1 << 20
_WORDS = {
    "empty reference": "it could not be loaded",
    "source file could not be loaded": "it could not be loaded",
    "type detection": "it was not recognised",
}


def is_final(attempt: Attempt, export: PdfExport) -> bool:
    """Whether the second engine could do no better: limits and cancellation hold for both."""
    wrong_password = attempt.failure == "load" and export.password is not None
    return wrong_password or attempt.failure in {"unrecognised", "time", "memory", "output", "cancelled"}


def raise_failure(attempts: list[Attempt], task: Task) -> NoReturn:
    """Raise the error that fits the last attempt, told with what earlier ones said."""
    last = attempts[-1]
    reasons = "; ".join(f"{attempt.rung}: {_plain(attempt.message)}" for attempt in attempts)
    match last.failure:
        case "cancelled":
            raise JobCancelled("The conversion was cancelled.")
        case "time":
            _raise_too_slow(last, task)
        case "memory" | "output":
            _raise_too_large(last, task)
        case "unavailable":
            raise EngineMissing(
                f"A password or changes before the export need LibreOfficeKit, which can't be used: {reasons}.",
                code="libreofficekit_missing",
            )
        case "gone" | "setup":
            raise EngineFailed(f"LibreOffice did not run: {reasons}.")
        case "load" if task.export.password is not None:
            raise PasswordNeeded("The document can't be opened with the given password.")
        case "load" | "unrecognised":
            raise DocumentUnreadable(
                f"LibreOffice can't open the document: it is damaged or not supported ({reasons})."
            )
        case _:
            raise DocumentFailed(f"LibreOffice could not convert the document ({reasons}).")


def _plain(message: str) -> str:
    """What LibreOffice says about itself, said about the document."""
    return next((words for mark, words in _WORDS.items() if mark in message), message)


def _raise_too_slow(attempt: Attempt, task: Task) -> NoReturn:
    limit = task.limits.seconds
    if attempt.cpu_seconds < limit * _STARVED:
        raise ConversionStarved(
            f"The conversion was stopped at its limit of {limit:g} s, after only {attempt.cpu_seconds:.1f} s of "
            "processor time."
        )
    raise DocumentTooDemanding(f"The conversion was stopped: the document needs more than the allowed {limit:g} s.")


def _raise_too_large(attempt: Attempt, task: Task) -> NoReturn:
    if attempt.failure == "output":
        size = task.limits.output // _MEGABYTE
        raise DocumentTooDemanding(f"The conversion was stopped: its PDF grew beyond the allowed {size} MB.")
    size = task.limits.memory // _MEGABYTE
    raise DocumentTooDemanding(
        f"The conversion was stopped: the document needs more than the allowed {size} MB of memory."
    )
