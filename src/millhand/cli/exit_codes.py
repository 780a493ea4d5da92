"""What the command line answers with: a few exit codes, each with one meaning."""

from enum import IntEnum

from millhand.core.errors import (
    BrokerUnavailable,
    ConfigError,
    Infrastructure,
    InvalidArgs,
    MillhandError,
    NotFound,
    NotSupported,
    PayloadTooLarge,
    SchemaMismatch,
    UnknownKind,
    UsageError,
    WaitTimeout,
)


class ExitCode(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    NO = 1
    USAGE = 2
    NOT_FOUND = 3
    UNAVAILABLE = 4
    PENDING = 5
    BUG = 70
    INTERRUPTED = 130
    CUT_OFF = 141

    @property
    def meaning(self) -> str:
        """The meaning in a few words, for the help topic."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done; a worker drained without interrupting a job",
    ExitCode.NO: "the answer is no: a check or a job failed, or a worker had to interrupt jobs",
    ExitCode.USAGE: "the command or the configuration is wrong",
    ExitCode.NOT_FOUND: "there is no such job, queue, kind, schedule or database",
    ExitCode.UNAVAILABLE: "the database or another service can't be reached; try later",
    ExitCode.PENDING: "the job was not settled before the time-out; it goes on",
    ExitCode.BUG: "an error in millhand itself",
    ExitCode.INTERRUPTED: "interrupted from the keyboard",
    ExitCode.CUT_OFF: "whoever read the output went away, as after `| head`; what was left to do is not done",
}

_BY_ERROR: tuple[tuple[type[MillhandError], ExitCode], ...] = (
    (NotFound, ExitCode.NOT_FOUND),
    (UnknownKind, ExitCode.NOT_FOUND),
    (WaitTimeout, ExitCode.PENDING),
    (BrokerUnavailable, ExitCode.UNAVAILABLE),
    (Infrastructure, ExitCode.UNAVAILABLE),
    (UsageError, ExitCode.USAGE),
    (ConfigError, ExitCode.USAGE),
    (InvalidArgs, ExitCode.USAGE),
    (NotSupported, ExitCode.USAGE),
    (PayloadTooLarge, ExitCode.USAGE),
    (SchemaMismatch, ExitCode.USAGE),
)


def exit_code_of(error: MillhandError) -> ExitCode:
    """The exit code with which a command ends that could not go on after this error."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), ExitCode.NO)
