"""The API server that keeps the state of each export: told when one starts, is complete, or has failed."""

from http import HTTPStatus

from millhand.core.errors import Permanent, Transient
from millhand.notify.http import Answer, Busy, Caller

_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_BUSY = frozenset({408, 409, 423, 425, 429})
_CREDENTIALS = frozenset({401, 403, 407})
"""Client errors that end when somebody mends them: the job is tried again later."""

_CLIENT_ERRORS = range(400, 500)
_GONE_WORDS = "not found"
_FATAL_WORDS = (
    _GONE_WORDS,
    "bad request",
    "unprocessable entity",
    "validation failed",
    "invalid page size",
    "invalid dimensions",
    "no print specification found",
    "from state ",
    "already completed with different file",
)
_COMPLETE = "from state export_complete"


class RecordGone(Permanent):
    """The API has no record of this export: it was deleted while the job waited."""

    default_code = "record_gone"


class AlreadyComplete(Permanent):
    """The API has this export as complete already."""

    default_code = "already_complete"


class ApiRefused(Permanent):
    """The API refuses the call, and will again."""

    default_code = "api_refused"


class ApiFailed(Transient):
    """The API could not do what was asked: it failed itself, or does not take our credentials."""

    default_code = "api_failed"


class StatusApi:
    """The three calls of the original worker, with the same methods, paths, bodies and headers.

    Each raises `Unanswered` or `Busy`, which may pass in a moment, `ApiFailed`, which may pass later, or `RecordGone`,
    `AlreadyComplete`, `ApiRefused`.
    """

    def __init__(self, base: str, caller: Caller) -> None:
        self._base = base
        self._caller = caller

    def start(self, job_id: str) -> None:
        """The export begins; harmless if it has begun before."""
        self._post(job_id, "start")

    def complete(self, job_id: str, path: str) -> None:
        """The file is there; harmless if it was told before with the same path."""
        self._post(job_id, "complete", {"filePath": path})

    def fail(self, job_id: str, error: str) -> None:
        """The export has failed for good."""
        self._post(job_id, "fail", {"error": error})

    def _post(self, job_id: str, step: str, content: object = None) -> None:
        answer = self._caller.post(f"{self._base}/api/jobs/{job_id}/{step}", content)
        if not answer.ok:
            raise refusal(answer)


def refusal(answer: Answer) -> Permanent | Transient:
    """What an answer that says no means.

    The original's server answers 400 to everything that goes wrong, its own faults too, so there its words decide.
    """
    message = f"API error: {answer.error}"
    words = answer.error.lower()
    if answer.status in _GONE or (answer.status in _CLIENT_ERRORS and _GONE_WORDS in words):
        return RecordGone(message)
    if _COMPLETE in words:
        return AlreadyComplete(message)
    if answer.status not in _CLIENT_ERRORS or answer.status in _BUSY:
        return Busy(message, retry_after=answer.retry_after)
    if answer.status in _CREDENTIALS or (answer.status == HTTPStatus.BAD_REQUEST and not is_fatal(words)):
        return ApiFailed(message)
    return ApiRefused(message)


def is_fatal(words: str) -> bool:
    """Whether an error that was told in words is one that no second try helps, by the original worker's list."""
    return any(each in words.lower() for each in _FATAL_WORDS)
