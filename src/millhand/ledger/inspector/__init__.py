"""Every read for people: jobs, queues, failures, workers, schedules, audit. The CLI, the API and the dashboard use it.

Reads are bounded: counts stop at a limit, lists are pages by key, and no statement walks through all jobs or events.
"""

from collections.abc import Sequence

from millhand.core.artefact import Artefact
from millhand.core.clock import after
from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.database import Database
from millhand.ledger.filters import JobFilter
from millhand.ledger.inspector import (
    activity,
    artefacts,
    board,
    changes,
    failures,
    job,
    jobs,
    overview,
    queues,
    workers,
)
from millhand.ledger.inspector.changes import Changes, Mark
from millhand.ledger.views import (
    Activity,
    ArtefactFilter,
    ArtefactPage,
    AuditPage,
    Board,
    Count,
    EventView,
    FailureGroup,
    JobDetail,
    JobPage,
    JobRecord,
    Overview,
    QueueView,
    ScheduleView,
    WorkerView,
)

SILENT_AFTER = 30.0
"""Seconds without a heartbeat after which a worker counts as gone."""


class Inspector:
    """Reads the ledger. Each method is one read transaction of a few statements."""

    def __init__(self, database: Database, *, silent_after: float = SILENT_AFTER) -> None:
        self._database = database
        self._silent_after = silent_after

    async def jobs(self, wanted: JobFilter | None = None, *, before: int | None = None, limit: int = 50) -> JobPage:
        """A page of the jobs that fit, newest first; `before` is the `next` of the page before."""
        chosen = wanted or JobFilter()
        return await self._database.read(lambda connection: jobs.page(connection, chosen, before, limit))

    async def count(self, wanted: JobFilter) -> Count:
        """How many jobs fit, bounded: as many as `jobs` finds without going on to further pages of its search."""
        return await self._database.read(lambda connection: jobs.count(connection, wanted))

    async def tally(self) -> dict[State, Count]:
        """How many jobs are in each state."""
        return await self._database.read(jobs.tally)

    async def resolve(self, text: str) -> str:
        """The id that a person means by its beginning; raises `NotFound`, or `UsageError` if it fits several."""
        return await self._database.read(lambda connection: jobs.resolve(connection, text))

    async def records(self, job_ids: Sequence[str]) -> dict[str, JobRecord]:
        """These jobs for programs, unredacted, by id; unknown ones are left out."""
        return await self._database.read(lambda connection: jobs.records(connection, job_ids))

    async def job(self, job_id: str) -> JobDetail:
        """Everything about a job; raises `NotFound`."""
        now, silent_since = self._moments()
        return await self._database.read(lambda connection: job.detail(connection, job_id, now, silent_since))

    async def events_since(self, job_id: str, seq: int = 0, *, limit: int = 500) -> tuple[EventView, ...]:
        """What a job reported after the event numbered `seq`, oldest first: ask again with the last one's to follow."""
        return await self._database.read(lambda connection: job.events_since(connection, job_id, seq, limit))

    async def artefact(self, job_id: str, seq: int) -> Artefact:
        """One artefact of a job as it is stored, for reading its blob; raises `NotFound`."""
        return await self._database.read(lambda connection: job.stored_artefact(connection, job_id, seq))

    async def artefacts(
        self, wanted: ArtefactFilter | None = None, *, before: int | None = None, limit: int = 50
    ) -> ArtefactPage:
        """A page of what all jobs have produced, newest first; `before` is the `next` of the page before."""
        chosen = wanted or ArtefactFilter()
        return await self._database.read(lambda connection: artefacts.page(connection, chosen, before, limit))

    async def queues(self, stats: Sequence[QueueStats]) -> tuple[QueueView, ...]:
        """Every queue; `stats` is what the broker says of them."""
        _, silent_since = self._moments()
        return await self._database.read(lambda connection: queues.overview(connection, stats, silent_since))

    async def failures(self, *, limit: int = 50) -> tuple[FailureGroup, ...]:
        """The groups of like failures, the one that failed last first."""
        now = self._database.clock.now()
        return await self._database.read(lambda connection: failures.groups(connection, limit, now))

    async def jobs_of_failure(
        self,
        kind: str,
        fingerprint: str,
        *,
        states: Sequence[State] = (State.DISCARDED, State.RETRYABLE),
        limit: int = 1_000,
    ) -> tuple[str, ...]:
        """The ids of the jobs in a group, newest first."""
        return await self._database.read(
            lambda connection: failures.jobs_of(connection, kind, fingerprint, states, limit)
        )

    async def workers(self) -> tuple[WorkerView, ...]:
        """Every known worker, the longest-running first."""
        _, silent_since = self._moments()
        return await self._database.read(lambda connection: workers.all_workers(connection, silent_since))

    async def schedules(self) -> tuple[ScheduleView, ...]:
        """Every schedule, by name."""
        return await self._database.read(workers.all_schedules)

    async def audit(self, *, before: int | None = None, limit: int = 100) -> AuditPage:
        """A page of the audit trail, newest first."""
        return await self._database.read(lambda connection: workers.audit_page(connection, before, limit))

    async def overview(self) -> Overview:
        """How everything stands now."""
        now, silent_since = self._moments()
        return await self._database.read(lambda connection: overview.overview(connection, now, silent_since))

    async def board(self, stats: Sequence[QueueStats]) -> Board:
        """The same with queues, workers, failures and activity; `stats` is what the broker says of the queues."""
        now, silent_since = self._moments()
        return await self._database.read(lambda connection: board.board(connection, stats, now, silent_since))

    async def activity(self) -> Activity:
        """What ended in the last hour, minute by minute."""
        now = self._database.clock.now()
        return await self._database.read(lambda connection: activity.activity(connection, now))

    async def changes(self, since: Mark | None) -> Changes:
        """What changed since the mark of an earlier look, by name only; without one, the mark to begin with."""
        now = self._database.clock.now()
        return await self._database.read(lambda connection: changes.look(connection, since, now))

    def _moments(self) -> tuple[int, int]:
        now = self._database.clock.now()
        return now, after(now, -self._silent_after)
