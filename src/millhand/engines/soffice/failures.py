"""From failed attempts to one error that says, in words for people, why the document did not become a PDF."""

import re
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
_NOT_LOADED = "it could not be loaded"
_WORDS = {
    "empty reference": _NOT_LOADED,
    "source file could not be loaded": _NOT_LOADED,
    "type detection": "it was not recognised",
    "impl_store": "it could not be written",
}
_PATH = re.compile(r"(?:file://|(?<![\w.])/)[^\s<>]+")


def is_final(attempt: Attempt, export: PdfExport) -> bool:
    """Whether the second engine could do no better: limits and cancellation hold for both."""
    # No page among those wanted is the document's: every engine fails to write nothing.
    no_page = attempt.failure == "save" and export.some_pages
    locked = attempt.failure == "load" and export.encrypted
    return locked or no_page or attempt.failure in {"unrecognised", "time", "memory", "output", "cancelled"}


def raise_failure(attempts: list[Attempt], task: Task) -> NoReturn:
    """Raise the error that fits the attempt that tells most, with what the others said."""
    last = _telling(attempts)
    reasons = "; ".join(dict.fromkeys(_plain(attempt.message) for attempt in attempts))
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
        case "load" if task.export.encrypted:
            given = task.export.password is not None
            raise PasswordNeeded(
                "The document can't be opened with the given password."
                if given
                else "The document is encrypted, and no password was given."
            )
        case "load" | "unrecognised":
            more = f" ({reasons})" if reasons != _NOT_LOADED else ""
            raise DocumentUnreadable(f"LibreOffice can't open the document: it is damaged or not supported{more}.")
        case _:
            raise DocumentFailed(f"LibreOffice could not convert the document ({reasons}).")


def _telling(attempts: list[Attempt]) -> Attempt:
    """The last attempt, save where the first one came further than to open the document."""
    first, last = attempts[0], attempts[-1]
    return first if last.failure == "load" and first.failure in {"save", "change", "crash"} else last


def _plain(message: str) -> str:
    """What LibreOffice says about itself, said about the document, without paths of this machine."""
    known = next((words for mark, words in _WORDS.items() if mark in message), None)
    return known or _PATH.sub("…", message)


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
