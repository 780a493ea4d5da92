"""The note on a job: who holds it, what its attempts came to, and how it ended. It is kept beside the job, as JSON.

Every write of a note differs from all before it, so that equal etags mean equal notes.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from millhand.core.failure import Failure
from millhand.core.settlement import Charge
from millhand.core.state import State

_ERRORS_KEPT = 10


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Holder(_Part):
    """Who has the job: a `token` made for this lease alone, and the store's instant at which the lease runs out."""

    token: str
    worker: str
    until: int


class Error(_Part):
    """How one attempt failed."""

    at: int
    attempt: int
    worker: str
    code: str
    message: str
    hint: str = ""


class Last(_Part):
    """The latest settlement: whose it was, and what it asked for. So a repeat is known for one."""

    token: str
    state: State


class FollowUp(_Part):
    """A job that becomes visible with the end of this one: its key and its object."""

    key: str
    body: str


class Done(_Part):
    """How the job ended. What is left to do then, anybody can finish: the note tells all of it. `result` is JSON."""

    state: State
    at: int
    result: str | None = None
    follow_ups: tuple[FollowUp, ...] = ()


class Note(_Part):
    """What is known of a job. Instants are the store's; `etag` is that of the input that its holder works on."""

    v: Literal[1] = 1
    key: str
    job_id: str = ""
    writes: int = 0
    fence: int = 0
    failures: int = 0
    crashes: int = 0
    not_before: int = 0
    cancel: bool = False
    etag: str = ""
    holder: Holder | None = None
    last: Last | None = None
    done: Done | None = None
    errors: tuple[Error, ...] = ()

    @classmethod
    def read(cls, body: bytes, key: str) -> Self:
        """The note as it was written; one that nobody can read counts as none, so that the job goes on."""
        try:
            return cls.model_validate_json(body)
        except ValidationError:
            return cls(key=key)

    def write(self) -> bytes:
        """As it is stored."""
        return self.model_dump_json(exclude_defaults=True).encode()

    def held_by(self, token: str) -> bool:
        """Whether that lease is still the one."""
        return self.holder is not None and self.holder.token == token

    def _next(self, **changes: object) -> Self:
        return self.model_copy(update={"writes": self.writes + 1, **changes})

    def taken(self, holder: Holder, job_id: str, etag: str, now: int) -> Self:
        """With a new holder, who works on the input with this etag.

        The fence is taken from the store's clock, so that it grows even when a file of the same name is put again, of
        which there is no note any more.
        """
        return self._next(holder=holder, job_id=job_id, etag=etag, fence=max(self.fence + 1, now))

    def renewed(self, until: int) -> Self:
        """With the lease of its holder moved."""
        return self._next(holder=self.holder and self.holder.model_copy(update={"until": until}))

    def passed_to(self, holder: Holder) -> Self:
        """With somebody else to finish what has ended."""
        return self._next(holder=holder)

    def asked_to_cancel(self) -> Self:
        """With the wish that its holder stops."""
        return self._next(cancel=True)

    def released(self, last: Last | None, charge: Charge, not_before: int, error: Error | None) -> Self:
        """Without a holder, to run again."""
        return self._next(
            holder=None,
            last=last,
            not_before=not_before,
            failures=self.failures + (charge is Charge.ATTEMPT),
            crashes=self.crashes + (charge is Charge.CRASH),
            errors=self._with(error),
        )

    def ended(
        self, holder: Holder, done: Done, charge: Charge, error: Error | None, asked: State | None = None
    ) -> Self:
        """At its end, with somebody to finish what is left to do; `asked` is what its holder wanted, if not this."""
        failed = charge is Charge.ATTEMPT and done.state is not State.COMPLETED
        return self._next(
            holder=holder,
            last=Last(token=holder.token, state=asked or done.state),
            done=done,
            failures=self.failures + failed,
            crashes=self.crashes + (charge is Charge.CRASH),
            errors=self._with(error),
        )

    def _with(self, error: Error | None) -> tuple[Error, ...]:
        return self.errors if error is None else (*self.errors, error)[-_ERRORS_KEPT:]


def error_of(failure: Failure | None, *, at: int, attempt: int, worker: str) -> Error | None:
    """A failure as it is noted."""
    if failure is None:
        return None
    return Error(at=at, attempt=attempt, worker=worker, code=failure.code, message=failure.message, hint=failure.hint)
