"""Which engine makes a PDF: what the job asks for, what the settings say, and what this machine can have."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from millhand.core.context import JobLog
from millhand.core.errors import JobCancelled, MillhandError

EngineName: TypeAlias = Literal["auto", "word", "libreoffice"]

_NO_WORD = "There can be no Word on this system."


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether Word is tried, whether LibreOffice may do it (instead), and whether Word's is what was wanted."""

    word: bool
    libreoffice: bool
    word_wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How a PDF was made. `fallback` says why Word did not make it that should have."""

    engine: str
    version: str
    seconds: float
    peak_memory: int
    notices: tuple[str, ...] = ()
    fallback: str = ""


def choose(asked: EngineName | None, default: EngineName, *, word_possible: bool) -> Choice:
    """The choice for a job that asks for an engine, or (None) leaves it to the settings.

    A job that asks for Word gets Word or an error. Settings that ask for it mean Word where there is one: a machine
    without does not turn away every job.
    """
    if asked == "word":
        return Choice(word=True, libreoffice=False, word_wanted=True)
    match asked or default:
        case "libreoffice":
            return Choice(word=False, libreoffice=True, word_wanted=False)
        case "word":
            return Choice(word=word_possible, libreoffice=True, word_wanted=True)
        case "auto":
            return Choice(word=word_possible, libreoffice=True, word_wanted=word_possible)


def make(choice: Choice, by_word: Callable[[], Made], by_libreoffice: Callable[[], Made], log: JobLog) -> Made:
    """The PDF, by the first engine that makes it. Raises what the last one raises."""
    reason = _NO_WORD
    if choice.word:
        try:
            return by_word()
        except JobCancelled:
            raise
        except MillhandError as error:
            if not choice.libreoffice:
                raise
            reason = error.message
            log.warning("Word did not make it; LibreOffice does", reason=reason)
    made = by_libreoffice()
    return replace(made, fallback=reason) if choice.word_wanted else made
