"""Turn an exception of a handler into an outcome, by a table: permanent, transient, throttled or infrastructure."""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from millhand.core.errors import (
    Infrastructure,
    JobCancelled,
    Permanent,
    Snooze,
    Transient,
)
from millhand.core.failure import failure_of
from millhand.core.outcome import Cancelled, Discarded, Outcome, Retry, Snoozed

_FULL_OR_DOWN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS})
_HTTP_TRANSIENT = frozenset({408, 409, 423, 425, 429})
_HTTP_CLIENT_ERRORS = range(400, 500)
_HTTP_STATUSES = range(100, 600)
_LONGEST_RETRY_AFTER = 86_400.0
_SQL_INFRASTRUCTURE = ("08", "53", "57P")
_SQL_TRANSIENT = ("40", "55P03")
_SQL_PERMANENT = ("22", "23", "42")


def outcome_of(error: BaseException) -> Outcome:
    """What it means for the job that its handler raised this. What no rule knows is transient."""
    match error:
        case Snooze():
            return Snoozed(error.seconds, error.message)
        case JobCancelled():
            return Cancelled(error.message)
        case Permanent():
            return Discarded(failure_of(error))
        case Infrastructure():
            return Retry(failure_of(error), error.retry_after, charged=False)
        case Transient():
            return Retry(failure_of(error), error.retry_after)
        case _:
            return _foreign(error)


@dataclass(frozen=True, slots=True)
class _Rule:
    matches: Callable[[BaseException], bool]
    outcome: Callable[[BaseException], Outcome]


def _foreign(error: BaseException) -> Outcome:
    rule = next((rule for rule in _RULES if rule.matches(error)), None)
    return Retry(failure_of(error)) if rule is None else rule.outcome(error)


def _discard(error: BaseException) -> Outcome:
    return Discarded(failure_of(error))


def _retry(error: BaseException) -> Outcome:
    return Retry(failure_of(error), _retry_after(error))


def _uncharged(error: BaseException) -> Outcome:
    return Retry(failure_of(error), charged=False)


def http_status(error: BaseException) -> int:
    """The HTTP status that an exception of an HTTP client carries, or 0."""
    reply = _reply(error)
    status = getattr(reply, "status_code", getattr(reply, "status", 0))
    return status if isinstance(status, int) and status in _HTTP_STATUSES else 0


def sql_state(error: BaseException) -> str:
    """The SQLSTATE that a database driver's exception carries, also inside SQLAlchemy's wrapper, or an empty text."""
    state = getattr(getattr(error, "orig", error), "sqlstate", "")
    return state if isinstance(state, str) else ""


def _retry_after(error: BaseException) -> float | None:
    """The seconds that a server asks to wait for, as a number or as a date (RFC 9110, 10.2.3)."""
    text = _header(error, "Retry-After")
    if text.isdecimal():
        return min(float(text), _LONGEST_RETRY_AFTER)
    # Counted from when the server says that it answered: its clock may differ from ours.
    then, now = _http_date(text), _http_date(_header(error, "Date"))
    return None if then is None or now is None else min(max(0.0, then - now), _LONGEST_RETRY_AFTER)


def _header(error: BaseException, name: str) -> str:
    read = getattr(getattr(_reply(error), "headers", None), "get", None)
    return str(read(name.lower()) or read(name) or "") if callable(read) else ""


def _http_date(text: str) -> float | None:
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _reply(error: BaseException) -> object:
    """What carries the answer of an HTTP server: some clients' exceptions have it, others are it."""
    response = getattr(error, "response", None)
    return error if response is None else response


def _full_or_down(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _FULL_OR_DOWN


def _client_error(error: BaseException) -> bool:
    status = http_status(error)
    return status in _HTTP_CLIENT_ERRORS and status not in _HTTP_TRANSIENT


_RULES: tuple[_Rule, ...] = (
    _Rule(_full_or_down, _uncharged),
    _Rule(lambda error: sql_state(error).startswith(_SQL_INFRASTRUCTURE), _uncharged),
    _Rule(lambda error: sql_state(error).startswith(_SQL_TRANSIENT), _retry),
    _Rule(lambda error: sql_state(error).startswith(_SQL_PERMANENT), _discard),
    _Rule(lambda error: http_status(error) > 0 and not _client_error(error), _retry),
    _Rule(_client_error, _discard),
    _Rule(
        lambda error: isinstance(error, (NotImplementedError, ImportError, SyntaxError)),
        _discard,
    ),
)
