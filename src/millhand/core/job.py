"""Jobs: their typed arguments, what is sent to a broker, what a broker delivers, and what a user sees.

Of these, many are made at a time: they are named tuples, which are made several times as fast as dataclasses.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, Unpack

from pydantic import BaseModel, ConfigDict

from millhand.core.errors import ConfigError
from millhand.core.failure import Failure
from millhand.core.retry import RetryPolicy
from millhand.core.state import State

DEFAULT_QUEUE = "default"
DEFAULT_TENANT = ""
ENVELOPE_VERSION = 1


class Args(BaseModel):
    """The arguments of one kind of job: a typed model with a stable name.

    `class ConvertDocument(Args, kind="document.convert", queue="documents")`. The kind travels with the job, never a
    Python path, so code can move while jobs wait. Unknown fields are refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = ""
    queue: ClassVar[str] = DEFAULT_QUEUE

    def __init_subclass__(
        cls,
        kind: str | None = None,
        queue: str | None = None,
        **options: Unpack[ConfigDict],
    ) -> None:
        """Take the kind and the queue from the class line; a subclass without them keeps those of its base."""
        super().__init_subclass__(**options)
        if kind is not None:
            cls.kind = _checked_kind(kind)
        if queue is not None:
            cls.queue = queue


def _checked_kind(kind: str) -> str:
    if not kind or not all(part.replace("_", "").replace("-", "").isalnum() for part in kind.split(".")):
        raise ConfigError(
            f"'{kind}' is no name for a kind",
            hint="Use dotted words such as 'document.convert'.",
        )
    return kind


ArgsT = TypeVar("ArgsT", bound=Args)
ArgsT_co = TypeVar("ArgsT_co", bound=Args, covariant=True)


class NewJob(NamedTuple):
    """A job to send: first what is its own, then what the jobs of a batch mostly have in common.

    `args` is JSON text; `run_at` is an instant, 0 for at once; `key` forbids a second live job of the same kind with
    that key; `limit_key` shares a concurrency limit with all jobs of the queue that carry the same one.
    """

    id: str
    args: str
    kind: str
    queue: str = DEFAULT_QUEUE
    tenant: str = DEFAULT_TENANT
    headers: Mapping[str, str] = {}
    priority: int = 0
    run_at: int = 0
    key: str | None = None
    limit_key: str | None = None
    max_attempts: int = 5
    max_crashes: int = 3
    parent_id: str | None = None
    version: int = ENVELOPE_VERSION


OWN = 2
"""With how many fields of its own a job to send begins."""


class Sent(NamedTuple):
    """What became of a job that was sent.

    `duplicate` says that a live job with its key was there already, and `id` is then the id of that one.
    """

    id: str
    duplicate: bool = False


class Delivery(NamedTuple):
    """One lease of one job. `receipt` and `fence` are the broker's proof of ownership; all instants in microseconds.

    `failures` counts the charged attempts so far, `crashes` the charged crashes; `attempt` is the number of this run.
    `retry` is how the job's own producer wants it tried again; None leaves that to its kind.
    """

    receipt: int | str
    fence: int
    job_id: str
    kind: str
    args: str
    queue: str = DEFAULT_QUEUE
    tenant: str = DEFAULT_TENANT
    headers: Mapping[str, str] = {}
    priority: int = 0
    failures: int = 0
    crashes: int = 0
    max_attempts: int = 5
    max_crashes: int = 3
    enqueued_at: int = 0
    available_at: int = 0
    claimed_at: int = 0
    lease_until: int = 0
    parent_id: str | None = None
    version: int = ENVELOPE_VERSION
    retry: RetryPolicy | None = None

    @property
    def attempt(self) -> int:
        """The number of this run, from 1: failed attempts and crashes so far, plus one."""
        return self.failures + self.crashes + 1


class Job(NamedTuple, Generic[ArgsT_co]):
    """A job as its user sees it, at one moment: first how it was sent, then what became of it.

    Instants are microseconds since the epoch, or None if not reached.
    """

    id: str
    kind: str
    state: State
    args: ArgsT_co
    queue: str
    tenant: str
    priority: int
    max_attempts: int = 5
    max_crashes: int = 3
    key: str | None = None
    run_at: int | None = None
    parent_id: str | None = None
    duplicate: bool = False
    failures: int = 0
    crashes: int = 0
    enqueued_at: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    result: Any = None
    failure: Failure | None = None
