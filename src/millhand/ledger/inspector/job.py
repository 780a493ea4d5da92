"""Everything about one job, and the events that follow live."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from millhand.core.artefact import Artefact
from millhand.core.errors import NotFound
from millhand.core.failure import Failure
from millhand.core.fairness import Caps
from millhand.core.redact import redact_text
from millhand.core.state import WAITING, State
from millhand.database.tables import artefacts, attempts, by_index, events, jobs, queues
from millhand.ledger.inspector import rows
from millhand.ledger.inspector.counts import counted
from millhand.ledger.inspector.workers import all_workers
from millhand.ledger.recorder import LOG, PROGRESS
from millhand.ledger.timeline import timeline
from millhand.ledger.views import ArtefactView, AttemptView, EventView, JobDetail, JobRow, Reason
from millhand.ledger.waiting import QueueLoad, why_waiting

MOST_EVENTS = 500
_MOST_ATTEMPTS = 200
_MOST_NOTICES = 200
_MOST_CHILDREN = 100
_MOST_READY = 1_000


def detail(connection: sa.Connection, job_id: str, now: int, silent_since: int) -> JobDetail:
    """All that is known of a job; raises `NotFound`."""
    row = _head(connection, job_id)
    job = rows.job_row(row)
    ended = _attempts(connection, job.seq) if row["fence"] else ()
    reported = _newest_events(connection, job_id)
    notices = [event for event in reported if event.name not in (LOG, PROGRESS)]
    return JobDetail(
        row=job,
        args=rows.shown_value(row["args"]),
        headers=rows.shown(row["headers"]),
        result=rows.shown_value(row["result"]),
        failure=_failure(row, ended),
        attempts=ended,
        events=reported,
        artefacts=_artefacts(connection, job_id) if row["fence"] else (),
        children=_children(connection, job_id) if row["fence"] else (),
        timeline=timeline(job, ended, notices),
        waiting=_waiting(connection, row, job, now, silent_since),
    )


def events_since(connection: sa.Connection, job_id: str, seq: int, limit: int) -> tuple[EventView, ...]:
    """What a job has reported after the event with this number, oldest first."""
    later = sa.select(events).where(events.c.job_id == job_id, events.c.seq > seq).order_by(events.c.seq).limit(limit)
    return tuple(rows.event(row) for row in connection.execute(later).mappings())


def stored_artefact(connection: sa.Connection, job_id: str, seq: int) -> Artefact:
    """An artefact of a job as it is stored, for programs that read the blob; raises `NotFound`."""
    wanted = sa.select(artefacts).where(artefacts.c.job_id == job_id, artefacts.c.seq == seq)
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NotFound(f"job {job_id} has no artefact {seq}")
    return Artefact(
        row["name"], row["url"], row["media_type"], row["size"], row["sha256"], rows.parsed(row["facts"], {})
    )


def _beside(name: str, state: State, *same: str, most: int | None = None) -> sa.Label[int]:
    """How many jobs in this state are equal to the job in these columns; null if the job itself does not wait."""
    others = jobs.alias(f"of_{name}")
    alike = [others.c[column] == jobs.c[column] for column in same]
    in_it = others.c.state == sa.literal_column(f"'{state}'", sa.Text)
    along = "jobs_ready" if state is State.AVAILABLE else "jobs_running"
    some = by_index(sa.select(sa.literal(1)).select_from(others), along, others).where(in_it, *alike).limit(most)
    number = sa.select(sa.func.count()).select_from(some.correlate(jobs).subquery()).scalar_subquery()
    return sa.case((jobs.c.state.in_(sorted(WAITING)), number)).label(name)


_LOAD = (
    _beside("running", State.RUNNING, "queue"),
    _beside("running_of_tenant", State.RUNNING, "queue", "tenant"),
    _beside("running_of_limit_key", State.RUNNING, "queue", "tenant", "limit_key"),
    _beside("ready", State.AVAILABLE, "queue", most=_MOST_READY + 1),
)


def _head(connection: sa.Connection, job_id: str) -> sa.RowMapping:
    """The job's row beside that of its queue."""
    of_queue = (queues.c.paused_at, queues.c.max_running, queues.c.max_per_tenant, queues.c.max_per_limit_key)
    columns = [*rows.JOB_ROW, jobs.c.fence, jobs.c.args, jobs.c.headers, jobs.c.result, *of_queue, *_LOAD]
    joined = sa.join(jobs, queues, queues.c.name == jobs.c.queue, isouter=True)
    wanted = sa.select(*columns).select_from(joined).where(jobs.c.id == job_id)
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no job '{job_id}'", hint="Jobs that ended long ago are pruned.")
    return row


def _attempts(connection: sa.Connection, seq: int) -> tuple[AttemptView, ...]:
    newest = sa.select(attempts).where(attempts.c.job == seq).order_by(attempts.c.fence.desc()).limit(_MOST_ATTEMPTS)
    return tuple(reversed([rows.attempt(row) for row in connection.execute(newest).mappings()]))


def _newest_events(connection: sa.Connection, job_id: str) -> tuple[EventView, ...]:
    """The newest log lines and reports, and every notice however old: the timeline needs these."""
    own = events.c.job_id == job_id
    chatter = events.c.name.in_([LOG, PROGRESS])
    newest = sa.select(events).where(own, chatter).order_by(events.c.seq.desc()).limit(MOST_EVENTS)
    notices = sa.select(events).where(own, ~chatter).order_by(events.c.seq.desc()).limit(_MOST_NOTICES)
    both = sa.union_all(*(sa.select(some.subquery()) for some in (newest, notices))).subquery()
    wanted = sa.select(both).order_by(both.c.seq)
    return tuple(rows.event(row) for row in connection.execute(wanted).mappings())


def _artefacts(connection: sa.Connection, job_id: str) -> tuple[ArtefactView, ...]:
    own = sa.select(artefacts).where(artefacts.c.job_id == job_id).order_by(artefacts.c.seq)
    return tuple(rows.artefact(row) for row in connection.execute(own).mappings())


def _children(connection: sa.Connection, job_id: str) -> tuple[JobRow, ...]:
    newest = (
        sa.select(*rows.JOB_ROW)
        .where(jobs.c.parent_id == job_id, jobs.c.parent_id.is_not(None))
        .order_by(jobs.c.seq.desc())
        .limit(_MOST_CHILDREN)
    )
    return tuple(rows.job_row(row) for row in connection.execute(newest).mappings())


def _failure(row: sa.RowMapping, ended: Sequence[AttemptView]) -> Failure | None:
    """The last failure, in full from its attempt where that is known."""
    last = next((attempt.failure for attempt in reversed(ended) if attempt.failure is not None), None)
    stored = rows.row_failure(row)
    if stored is None or (last is not None and last.code == stored.code):
        return last
    return replace(stored, message=redact_text(stored.message))


def _waiting(
    connection: sa.Connection, row: sa.RowMapping, job: JobRow, now: int, silent_since: int
) -> tuple[Reason, ...]:
    if job.state not in WAITING:
        return ()
    return why_waiting(job, _load(row), all_workers(connection, silent_since), now)


def _load(row: sa.RowMapping) -> QueueLoad:
    return QueueLoad(
        paused=row["paused_at"] is not None,
        caps=Caps(queue=row["max_running"], tenant=row["max_per_tenant"], limit_key=row["max_per_limit_key"]),
        running=row["running"],
        running_of_tenant=row["running_of_tenant"],
        running_of_limit_key=row["running_of_limit_key"],
        ready=counted(row["ready"], _MOST_READY),
    )
