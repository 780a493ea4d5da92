"""Turn an exception into a value: what is recorded of a failure, and a fingerprint that groups like failures."""

import hashlib
import re
import traceback
from dataclasses import dataclass

from millhand.core.errors import MillhandError

_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b|\d+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_MESSAGE_LIMIT = 4_000
_TRACEBACK_LIMIT = 16_000


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, as it is stored and shown."""

    code: str
    type: str
    message: str
    hint: str = ""
    traceback: str = ""
    fingerprint: str = ""


def failure_of(error: BaseException) -> Failure:
    """Describe an exception; its own traceback is kept, cut at the front to a bounded length."""
    known = isinstance(error, MillhandError)
    message = (_words(error) or type(error).__name__)[:_MESSAGE_LIMIT]
    return Failure(
        code=error.code if known else "exception",
        type=_type_name(error),
        message=message,
        hint=error.hint if known else "",
        traceback="".join(traceback.format_exception(error))[-_TRACEBACK_LIMIT:],
        fingerprint=fingerprint(_type_name(error), message, _top_frame(error)),
    )


def failure(code: str, message: str, hint: str = "") -> Failure:
    """Describe a failure that no exception stands for, such as a killed executor."""
    return Failure(code, code, message, hint, "", fingerprint(code, message, ""))


def fingerprint(type_name: str, message: str, frame: str) -> str:
    """Twelve hex digits that are equal for failures that differ only in numbers, ids and quoted words."""
    normal = _NUMBERS.sub("#", _QUOTED.sub("''", message))
    return hashlib.sha256(f"{type_name}|{normal}|{frame}".encode(errors="replace")).hexdigest()[:12]


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the exception of a handler may be unable to say what it is
        return ""


def _type_name(error: BaseException) -> str:
    cls = type(error)
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _top_frame(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].name}" if frames else ""
