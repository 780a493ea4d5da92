"""The table that turns what a handler raised into an outcome."""

import email.message
import errno
import urllib.error
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
import sqlalchemy.exc

from millhand.core.classify import http_status, outcome_of, sql_state
from millhand.core.errors import (
    BlobMissing,
    BlobStoreDown,
    EngineFailed,
    Infrastructure,
    InvalidArgs,
    JobCancelled,
    MillhandError,
    Permanent,
    Snooze,
    Transient,
    UnknownKind,
)
from millhand.core.failure import failure_of
from millhand.core.outcome import Cancelled, Discarded, Retry, Snoozed


class ClientError(Exception):
    """As requests and httpx raise it: the response hangs on it."""

    def __init__(self, status: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"status {status}")
        self.response = SimpleNamespace(status_code=status, headers=headers)


class ApiError(Exception):
    """As SDKs raise it: the status is its own."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status_code = status


class DriverError(Exception):
    """As database drivers raise it."""

    def __init__(self, state: object) -> None:
        super().__init__(f"SQLSTATE {state}")
        self.sqlstate = state


def meaning(error: BaseException) -> str:
    match outcome_of(error):
        case Discarded():
            return "permanent"
        case Retry(charged=True):
            return "transient"
        case Retry():
            return "infrastructure"
        case other:
            return type(other).__name__


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Permanent("no"), "permanent"),
        (InvalidArgs("no"), "permanent"),
        (BlobMissing("no"), "permanent"),
        (Transient("later"), "transient"),
        (UnknownKind("later"), "transient"),
        (EngineFailed("later"), "transient"),
        (Infrastructure("down"), "infrastructure"),
        (BlobStoreDown("down"), "infrastructure"),
        (MillhandError("some"), "transient"),
        (ValueError("what no rule knows"), "transient"),
        (SystemExit(1), "transient"),
        (MemoryError(), "transient"),
        (NotImplementedError(), "permanent"),
        (ModuleNotFoundError("no module"), "permanent"),
        (SyntaxError("bad"), "permanent"),
        (FileNotFoundError(errno.ENOENT, "gone"), "transient"),
        (OSError(errno.ENOSPC, "full"), "infrastructure"),
        (OSError(errno.EMFILE, "too many"), "infrastructure"),
        (OSError("without a number"), "transient"),
    ],
)
def test_exceptions(error: BaseException, expected: str) -> None:
    assert meaning(error) == expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_a_client_error_of_http_is_permanent(status: int) -> None:
    assert meaning(ClientError(status)) == meaning(ApiError(status)) == "permanent"


@pytest.mark.parametrize("status", [408, 409, 423, 425, 429, 500, 502, 503, 504])
def test_what_a_server_may_answer_otherwise_later_is_transient(status: int) -> None:
    assert meaning(ClientError(status)) == meaning(ApiError(status)) == "transient"


@pytest.mark.parametrize("odd", ["404", None, 0, 7, 4040])
def test_what_is_no_status_counts_as_none(odd: object) -> None:
    assert http_status(ClientError(odd)) == 0
    assert meaning(ClientError(odd)) == "transient"


def test_the_standard_library_carries_status_and_headers_itself() -> None:
    headers = email.message.Message()
    headers["Retry-After"] = "7"
    busy = urllib.error.HTTPError("http://x", 503, "busy", headers, None)
    gone = urllib.error.HTTPError("http://x", 404, "gone", headers, None)
    assert outcome_of(busy) == Retry(failure_of(busy), 7.0)
    assert meaning(gone) == "permanent"
    for error in (busy, gone):
        error.close()


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"Retry-After": "30"}, 30.0),
        ({"retry-after": "99999999999"}, 86_400.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:27:18 GMT"}, 42.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "Wed, 21 Oct 2026 09:27:00 +0200"}, 60.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Thu, 22 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 86_400.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "soon", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 99 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 99999999999 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "²"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_server_may_say_when_to_come_back(said: Mapping[str, str] | None, waits: float | None) -> None:
    outcome = outcome_of(ClientError(429, said))
    assert isinstance(outcome, Retry)
    assert outcome.after == waits


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("08006", "infrastructure"),
        ("53300", "infrastructure"),
        ("57P01", "infrastructure"),
        ("40001", "transient"),
        ("40P01", "transient"),
        ("55P03", "transient"),
        ("22001", "permanent"),
        ("23505", "permanent"),
        ("42P01", "permanent"),
        ("57014", "transient"),
        (None, "transient"),
    ],
)
def test_database_errors_by_their_sqlstate(state: object, expected: str) -> None:
    assert meaning(DriverError(state)) == expected


def test_sqlalchemys_wrapper_is_looked_into() -> None:
    wrapped = sqlalchemy.exc.IntegrityError("INSERT …", {}, DriverError("23505"))
    assert sql_state(wrapped) == "23505"
    assert meaning(wrapped) == "permanent"
    assert sql_state(ValueError()) == ""


def test_snooze_and_cancel_are_no_failures() -> None:
    assert outcome_of(Snooze(5, "the export is not there yet")) == Snoozed(5.0, "the export is not there yet")
    assert outcome_of(JobCancelled("by Ann")) == Cancelled("by Ann")


def test_waits_are_seconds_or_a_mistake_at_the_place_where_it_is_made() -> None:
    outcome = outcome_of(Transient("later", retry_after=3))
    assert isinstance(outcome, Retry)
    assert outcome.after == 3.0
    with pytest.raises(ValueError, match="could not convert"):
        Snooze("tomorrow")  # pyright: ignore[reportArgumentType] - the mistake
    with pytest.raises(ValueError, match="could not convert"):
        Transient("later", retry_after="soon")  # pyright: ignore[reportArgumentType] - the mistake
