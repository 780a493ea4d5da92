"""What a handler is given beside its arguments: its job, its limits, its voice and its hands."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Coroutine, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from millhand.core.artefact import Artefact, BlobInfo
from millhand.core.job import DEFAULT_TENANT, Args
from millhand.core.resource import Resource

T = TypeVar("T")


class JobLog(Protocol):
    """The job's own log: each line is stored with its attempt and can be followed live."""

    def debug(self, text: str, **fields: object) -> None:
        """Log a detail."""
        ...

    def info(self, text: str, **fields: object) -> None:
        """Log a normal step."""
        ...

    def warning(self, text: str, **fields: object) -> None:
        """Log something that may need a look."""
        ...

    def error(self, text: str, **fields: object) -> None:
        """Log a failure that the handler goes on from."""
        ...


class JobFacts(NamedTuple):
    """Which job and which attempt of it this is.

    `deadline` is the instant at which the hard limit strikes; `enqueued_at` the one at which the job was sent, the same
    in every attempt, 0 where the broker does not know it.
    """

    job_id: str
    kind: str
    attempt: int
    deadline: int
    queue: str = "default"
    tenant: str = DEFAULT_TENANT
    headers: Mapping[str, str] = {}
    enqueued_at: int = 0


class Context(ABC):
    """One attempt, as its handler sees it."""

    job: JobFacts
    log: JobLog
    scratch: Path
    """A folder of this attempt alone; it is removed when the attempt ends."""

    @property
    @abstractmethod
    def cancelled(self) -> bool:
        """Whether the attempt should stop: cancelled, past its soft limit, its lease lost, or the worker ending."""

    @abstractmethod
    def progress(self, fraction: float, text: str = "") -> None:
        """Report how far the job is, from 0 to 1. Call it as often as you like: it is thinned out."""

    @abstractmethod
    def use(self, resource: Resource[T]) -> T:
        """The opened resource, shared by all jobs in this executor. Opening may block: call it from a thread."""

    @abstractmethod
    def enqueue(
        self,
        args: Args,
        *,
        queue: str | None = None,
        delay: float = 0.0,
        key: str | None = None,
        priority: int = 0,
    ) -> str:
        """Plan a follow-up job and return its id; it becomes visible only if this attempt is accepted."""

    @abstractmethod
    def stream(self, url: str) -> AsyncIterator[bytes]:
        """Read a blob piece by piece."""

    @abstractmethod
    async def fetch(self, url: str, name: str | None = None, *, max_bytes: int | None = None) -> Path:
        """Copy a blob into the scratch folder and return its path.

        Raises `BlobMissing` if it is not there and `Permanent` (code `too_large`) above `max_bytes`.
        """

    @abstractmethod
    async def save(
        self,
        content: Path | bytes,
        url: str,
        *,
        name: str | None = None,
        media_type: str = "application/octet-stream",
        **facts: object,
    ) -> Artefact:
        """Write a blob atomically, and record it as an artefact of this job if the attempt is accepted."""

    @abstractmethod
    async def stat(self, url: str) -> BlobInfo:
        """What a blob is, without reading it."""

    @abstractmethod
    async def delete(self, url: str) -> None:
        """Remove a blob, such as one that this attempt saved and that is not wanted after all."""

    @abstractmethod
    def wait(self, awaitable: Coroutine[Any, Any, T] | Awaitable[T]) -> T:
        """Run one of the coroutines above from a plain (`def`) handler, which has a thread of its own."""
