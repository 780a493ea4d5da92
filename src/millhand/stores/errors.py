"""What a store or its client says, turned once into errors of ours."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    NotModifiedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from millhand.core.errors import BlobFailed, BlobMissing, BlobStoreDown, MillhandError, Permanent

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>\s*(\w+)")
_MESSAGE = re.compile(r"<Message>\s*([^<\n]+)")
_NO_PLACE = frozenset({"NoSuchBucket", "ContainerNotFound"})
_BAD_CLOCK = frozenset({"RequestTimeTooSkewed", "AuthenticationFailed"})
_WRONG_REGION = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"})
_DENIED = frozenset({401, 403})
_NO_ANSWER = 0
_NOT_FOUND = 404
_CONFLICT = 409
_TOO_MANY = 429
_SERVER_ERROR = 500
_IDENTITY_SERVICES = ("169.254.", "login.microsoftonline", "//sts.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a message about one bucket needs: its URL, what it is called, who we are there, how it would be made."""

    url: str
    noun: str = "bucket"
    credentials: str = "no credentials"
    make: str = ""
    region: str = ""


@contextmanager
def store_errors(words: Words, url: str) -> Generator[None]:
    """Translate what is raised inside, about the object or prefix `url`."""
    try:
        yield
    except MillhandError:  # from our own content iterators
        raise
    except (BaseError, ValueError, OSError) as error:
        raise _translated(error, words, url) from error


def condition_failed(error: Exception) -> bool:
    """Whether a conditional write was refused because the object is not as the condition says.

    The answer should be 412. Older MinIO says 304 (minio/minio#19442), S3 says 409 to one of two writers at the same
    moment, and 404 where an etag is asked of nothing.
    """
    if isinstance(error, AlreadyExistsError | PreconditionError | NotModifiedError):
        return True
    answer = _answer(error)
    missing = isinstance(error, FileNotFoundError) and answer.code not in _NO_PLACE
    return missing or answer.status == _CONFLICT


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the server said, as far as the client's exception tells it."""

    text: str
    status: int
    code: str
    message: str


def _answer(error: Exception) -> _Answer:
    text = str(error).partition("\n\nDebug source")[0]
    status, code, message = _STATUS.search(text), _CODE.search(text), _MESSAGE.search(text)
    return _Answer(
        text, int(status[1]) if status else 0, code[1] if code else "", message[1].strip() if message else ""
    )


def _translated(error: Exception, words: Words, url: str) -> Exception:
    answer = _answer(error)
    if isinstance(error, InvalidPathError):
        return BlobFailed(
            f"'{url}' can't be listed: {_first_line(answer.text)}",
            code="bad_key",
            hint="Rename or remove that object: its name can't be told apart from another by every client.",
        )
    if isinstance(error, ValueError):
        return Permanent(f"'{url}' names no object: {_first_line(answer.text)}", code="bad_key")
    if answer.code in _NO_PLACE:
        return _no_place(words)
    if isinstance(error, FileNotFoundError) or answer.status == _NOT_FOUND:
        return BlobMissing(f"there is no object at '{url}'")
    return _refused(error, answer, words, url) or _failed(answer, words, url)


def _no_place(words: Words) -> BlobFailed:
    return BlobFailed(
        f"there is no {words.noun} '{words.url}'",
        code="bucket_missing",
        hint=f"Make it ({words.make}), or correct the name.",
    )


def _refused(error: Exception, answer: _Answer, words: Words, url: str) -> BlobFailed | None:
    """The error for a request that the server understood and would not serve as it is signed."""
    if any(service in answer.text for service in _IDENTITY_SERVICES) and words.url not in answer.text:
        return BlobFailed(
            f"there are no credentials for '{words.url}': {words.credentials}, and it gave none",
            code="blob_denied",
            hint="Set an access key (see the settings under `blobs`), or give this machine a role.",
        )
    if answer.code in _WRONG_REGION or "incorrectly configured region" in answer.text:
        reason = answer.message or "the server redirects to another region"
        hint = f"Set {words.region} to the region of the {words.noun}." if words.region else ""
        return BlobFailed(
            f"'{words.url}' is not in the region that was asked: {reason}", code="wrong_region", hint=hint
        )
    if answer.status in _DENIED or isinstance(error, PermissionDeniedError | UnauthenticatedError):
        said = f" ({answer.code}: {answer.message})" if answer.code else ""
        hint = "Check the key, and what it may do there." + (
            " Check this machine's clock, too." if answer.code in _BAD_CLOCK else ""
        )
        return BlobFailed(f"access to '{url}' was denied to {words.credentials}{said}", code="blob_denied", hint=hint)
    return None


def _failed(answer: _Answer, words: Words, url: str) -> BlobFailed:
    if answer.status in (_NO_ANSWER, _TOO_MANY) or answer.status >= _SERVER_ERROR:
        return BlobStoreDown(
            f"the store of '{words.url}' does not answer as it should: {_reason(answer)}",
            hint="Look after the store, the network and the endpoint in the settings; it is tried again.",
        )
    return BlobFailed(f"'{url}' could not be read or written: {_reason(answer)}")


def _reason(answer: _Answer) -> str:
    if answer.code:
        return f"{answer.code}: {answer.message}" if answer.message else answer.code
    return _first_line(answer.text)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
