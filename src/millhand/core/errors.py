"""Every error that millhand raises: each has a stable code, says what went wrong, and hints what to do about it."""

from typing import ClassVar


class MillhandError(Exception):
    """Something went wrong inside millhand.

    `code` is stable and has a heading in the reference of errors; `hint` says what to do, or is empty.
    """

    default_code: ClassVar[str] = "error"
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.default_code if code is None else code
        self.hint = self.default_hint if hint is None else hint


class Permanent(MillhandError):
    """The job can never succeed as it is: it is discarded at once, whatever attempts are left."""

    default_code = "permanent"


class Transient(MillhandError):
    """The job failed for now: it is tried again by its retry policy, or after `retry_after` seconds if given."""

    default_code = "transient"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        code: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.retry_after = None if retry_after is None else float(retry_after)


class Infrastructure(Transient):
    """Something the job stands on is down (a database, a store): it is tried again and not charged an attempt."""

    default_code = "infrastructure"


class Snooze(MillhandError):
    """The job is not ready yet: put it back for `seconds`, without charging an attempt."""

    default_code = "snooze"

    def __init__(self, seconds: float, message: str = "not ready yet") -> None:
        super().__init__(message)
        self.seconds = float(seconds)


class JobCancelled(MillhandError):
    """Somebody cancelled the job while it ran."""

    default_code = "cancelled"


class SoftLimitReached(Transient):
    """The job ran longer than its soft time limit and was asked to stop."""

    default_code = "soft_limit"
    default_hint = "Give the kind a longer soft limit, or make the job smaller."


class ConfigError(MillhandError):
    """A setting is wrong, or two settings contradict each other."""

    default_code = "config"


class UsageError(MillhandError):
    """What was asked for can't be done as asked: the arguments, not the system, are at fault."""

    default_code = "usage"


class NotFound(MillhandError):
    """There is no such job, queue, kind or schedule."""

    default_code = "not_found"


class InvalidArgs(Permanent):
    """The arguments do not fit the model of their kind."""

    default_code = "invalid_args"
    default_hint = "Compare the arguments with the kind's schema (`millhand kinds show KIND`)."


class UnknownKind(Transient):
    """No handler of this kind is registered in this worker."""

    default_code = "unknown_kind"
    default_hint = "Start the worker with the app that registers the kind, or correct the kind's name."


class PayloadTooLarge(MillhandError):
    """The arguments are larger than the broker takes; nothing was stored."""

    default_code = "payload_too_large"
    default_hint = "Put the content into a blob and pass its URL."


class BrokerUnavailable(MillhandError):
    """The broker can't be reached; the call may be repeated."""

    default_code = "broker_unavailable"


class NotSupported(MillhandError):
    """The broker lacks a capability that the call needs."""

    default_code = "not_supported"


class SchemaMismatch(MillhandError):
    """The database's schema is not the one that this version works with."""

    default_code = "schema_mismatch"
    default_hint = "Run `millhand schema up`."


class EngineMissing(Permanent):
    """An outside program that the job needs is not installed, or lacks a part."""

    default_code = "engine_missing"
    default_hint = "Run `millhand doctor`: it names the missing package."


class EngineFailed(Transient):
    """An outside program crashed, hung or gave no usable output."""

    default_code = "engine_failed"


class BlobMissing(Permanent):
    """The blob to read does not exist."""

    default_code = "blob_missing"
    default_hint = "Check the URL; a blob must exist before the job that reads it runs."


class BlobFailed(Transient):
    """A blob could not be read or written, for now."""

    default_code = "blob_failed"


class BlobStoreDown(BlobFailed, Infrastructure):
    """The place for blobs itself is full or out of order, whichever blob is asked for."""

    default_code = "blob_store_down"


class WaitTimeout(MillhandError):
    """The job waited for is not settled yet; it goes on."""

    default_code = "wait_timeout"
    default_hint = "Wait longer; `millhand jobs show` says what it is doing, or why it is waiting."
