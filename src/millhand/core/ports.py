"""The seams: what the runtime needs of a broker, a ledger and a blob store. Drivers implement these, nothing more."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from millhand.core.artefact import BlobInfo
from millhand.core.capabilities import Capabilities
from millhand.core.events import Event
from millhand.core.fairness import Caps
from millhand.core.job import Delivery, NewJob, Sent
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing


class CancelResult(StrEnum):
    """What a cancel did."""

    CANCELLED = "cancelled"
    REQUESTED = "requested"
    TOO_LATE = "too late"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """How a queue stands. `oldest` is the instant since which its longest-waiting ready job has waited, or None."""

    queue: str
    available: int = 0
    scheduled: int = 0
    retryable: int = 0
    running: int = 0
    oldest: int | None = None
    paused: bool = False


class Broker(Protocol):
    """The place where jobs wait and are leased: it only delivers. All methods may raise `BrokerUnavailable`."""

    @property
    def capabilities(self) -> Capabilities:
        """What this broker can do."""
        ...

    async def open(self) -> None:
        """Connect and probe. Calling it twice is harmless."""
        ...

    async def close(self) -> None:
        """Disconnect; a `receive` under way returns. Calling it twice, or before `open`, is harmless."""
        ...

    async def send(self, jobs: Sequence[NewJob]) -> list[Sent]:
        """Store jobs durably, all or none; raises `PayloadTooLarge` before anything is stored."""
        ...

    async def receive(self, limit: int, wait: float) -> list[Delivery]:
        """Lease up to `limit` ready jobs; if there is none, wait up to `wait` seconds for one.

        It may be cancelled at any time: what was leased for the caller is then handed back, and nothing is charged.
        """
        ...

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Move the leases' ends to `seconds` from now; False where the lease is lost."""
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Record how deliveries ended, with their follow-up jobs; False where the lease was lost and nothing changed.

        Telling the broker the same accepted settlement twice answers True twice.
        """
        ...

    async def cancel(self, job_id: str) -> CancelResult:
        """Cancel a waiting job at once, or ask for the cancelling of a running one."""
        ...

    async def stats(self) -> list[QueueStats]:
        """How each queue stands; counts are bounded, never full scans."""
        ...


class Rescues(Protocol):
    """A broker whose expired leases must be looked for: any dispatcher may, and all of them do."""

    async def rescue(self) -> int:
        """Offer again the jobs whose lease has run out, charging each a crash; returns how many."""
        ...


class Foreign(Protocol):
    """A broker that belongs to somebody else, who may change any job at any moment, and whose record it is."""

    async def look(self, job_ids: Sequence[str]) -> dict[str, Standing]:
        """How these jobs stand there; those that are not there are left out."""
        ...

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these jobs, held here, somebody cancelled."""
        ...


class Controls(Protocol):
    """A broker that takes commands on jobs and queues beside `cancel`."""

    async def retry(self, job_ids: Sequence[str]) -> list[str]:
        """Make final or waiting jobs ready to run now, with nothing charged; returns the ids that it applied to."""
        ...

    async def pause(self, queue: str) -> None:
        """Stop delivering from a queue, in every worker; running jobs go on."""
        ...

    async def resume(self, queue: str) -> None:
        """Deliver from a queue again."""
        ...

    async def set_caps(self, queue: str, caps: Caps) -> None:
        """Set the concurrency limits of a queue, across all workers."""
        ...

    async def purge(self, queue: str) -> int:
        """Cancel every waiting job of a queue; returns how many."""
        ...


class Ledger(Protocol):
    """The write side of history that a dispatcher needs beside the broker."""

    async def record(self, reported: Sequence[Event], /) -> None:
        """Store what attempts report."""
        ...

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these running jobs somebody asked to cancel."""
        ...


class Observer(Protocol):
    """Looks on while a dispatcher runs jobs, to tell somebody else of them. It hears of every kind of job.

    `began` and `settled` must be quick. An observer that can't go on is noted in the log, and changes nothing for the
    jobs.
    """

    def began(self, delivery: Delivery, at: int) -> None:
        """A handler was called at this instant."""
        ...

    async def failing(self, settlement: Settlement) -> None:
        """The job is about to be settled as discarded or cancelled; its lease is kept until this returns.

        It is called again for the same job if the dispatcher dies in between.
        """
        ...

    def settled(self, settlement: Settlement) -> None:
        """The broker accepted this, whatever became of the job."""
        ...

    async def given_up(self, standing: Standing) -> None:
        """A job of somebody else's broker that had run here was discarded by others, such as its owner's supervision.

        It may be told more than once.
        """
        ...


class Blobs(Protocol):
    """Content by URL. Raises `BlobMissing`, `BlobFailed`, or `Permanent` for a URL that is not allowed."""

    async def stat(self, url: str) -> BlobInfo:
        """What a blob is, without reading it."""
        ...

    def stream(self, url: str) -> AsyncIterator[bytes]:
        """Read a blob piece by piece."""
        ...

    async def fetch(self, url: str, target: Path, *, max_bytes: int | None = None) -> BlobInfo:
        """Copy a blob into a file, hashing on the way; raises `Permanent` (code `too_large`) above `max_bytes`."""
        ...

    async def put(self, content: Path | bytes, url: str, *, media_type: str | None = None) -> BlobInfo:
        """Write a blob so that readers see the old content or the whole new one, never a part."""
        ...

    async def delete(self, url: str) -> None:
        """Remove a blob; removing one that is not there is harmless."""
        ...
