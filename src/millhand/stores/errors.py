"""What a store or its client says, turned once into errors of ours."""

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
from millhand.stores.answers import NO_ANSWER, Answer

_NO_PLACE = frozenset({"NoSuchBucket", "ContainerNotFound"})
_BAD_CLOCK = frozenset({"RequestTimeTooSkewed", "AuthenticationFailed"})
_WRONG_REGION = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"})
_DENIED = frozenset({401, 403})
_NOT_FOUND = 404
_CONFLICT = 409
_TOO_MANY = 429
_SERVER_ERROR = 500
_IDENTITY_SERVICES = ("//169.254.", "//login.microsoftonline", "//sts.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a message about one bucket needs: what it is called, who we are there, how it would be made.

    `place` is the bucket, `url` the folder of it that is worked with, or the bucket as well.
    """

    url: str
    place: str
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
        # Not `from error`: its text is a dump of pages, and may hold a signed URL.
        raise _translated(error, words, url) from None


def condition_failed(error: Exception) -> bool:
    """Whether a conditional write was refused because the object is not as the condition says.

    The answer should be 412. Older MinIO says 304 (minio/minio#19442), S3 says 409 to one of two writers at the same
    moment, and 404 where an etag is asked of nothing.
    """
    if isinstance(error, AlreadyExistsError | PreconditionError | NotModifiedError):
        return True
    answer = Answer.of(error)
    missing = isinstance(error, FileNotFoundError) and answer.code not in _NO_PLACE
    return missing or answer.status == _CONFLICT


def _translated(error: Exception, words: Words, url: str) -> MillhandError:
    answer = Answer.of(error)
    if isinstance(error, InvalidPathError):
        return BlobFailed(
            f"'{url}' can't be listed: {answer.reason}",
            code="bad_key",
            hint="Rename or remove that object: its name can't be told apart from another by every client.",
        )
    if isinstance(error, ValueError):
        return Permanent(f"'{url}' names no object: {answer.reason}", code="bad_key")
    if answer.code in _NO_PLACE:
        return BlobFailed(
            f"there is no {words.noun} '{words.place}'",
            code="bucket_missing",
            hint=f"Make it ({words.make}), or correct the name.",
        )
    if isinstance(error, FileNotFoundError) or answer.status == _NOT_FOUND:
        return BlobMissing(f"there is no object at '{url}'")
    denied = answer.status in _DENIED or isinstance(error, PermissionDeniedError | UnauthenticatedError)
    return _misled(answer, words) or (_denied(answer, words, url) if denied else _failed(answer, words, url))


def _misled(answer: Answer, words: Words) -> BlobFailed | None:
    """The error where it is our settings that are wrong, not the object or the store."""
    if any(service in answer.text for service in _IDENTITY_SERVICES):
        return BlobFailed(
            f"there are no credentials for '{words.place}': it should be {words.credentials}, but that gave none",
            code="blob_denied",
            hint="Set an access key (see the settings under `blobs`), or give this machine a role.",
        )
    if "InvalidCertificate" in answer.dump:
        return BlobFailed(
            f"the server of '{words.place}' shows a certificate that is not trusted here",
            code="bad_certificate",
            hint="Name the certificates of its authority in blobs.s3.ca_file or blobs.azure.ca_file.",
        )
    if answer.code in _WRONG_REGION or "incorrectly configured region" in answer.text:
        return BlobFailed(
            f"'{words.place}' is in another region ({answer.reason})",
            code="wrong_region",
            hint=f"Set {words.region} to the region of the {words.noun}.",
        )
    return None


def _denied(answer: Answer, words: Words, url: str) -> BlobFailed:
    said = f" ({answer.reason})" if answer.code else ""
    clock = " Check this machine's clock, too." if answer.code in _BAD_CLOCK else ""
    return BlobFailed(
        f"access to '{url}' was denied to {words.credentials}{said}",
        code="blob_denied",
        hint=f"Check the credentials, and what they allow there.{clock}",
    )


def _failed(answer: Answer, words: Words, url: str) -> BlobFailed:
    if answer.status in {NO_ANSWER, _TOO_MANY} or answer.status >= _SERVER_ERROR:
        return BlobStoreDown(
            f"the store of '{words.place}' does not answer as it should: {answer.reason}",
            hint="Look after the store, the network and the endpoint in the settings; it is tried again.",
        )
    return BlobFailed(f"'{url}' could not be read or written: {answer.reason}")
