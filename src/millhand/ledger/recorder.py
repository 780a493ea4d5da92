"""Write down what attempts report, keep the latest progress on the job's row, and tell which jobs to cancel."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from millhand.core.events import Event, LogLine, Notice, Progress
from millhand.database import Database
from millhand.database.bulk import bulk_insert
from millhand.database.tables import RUNNING, events, jobs
from millhand.ledger.store import chunks, to_json

PROGRESS, LOG = "progress", "log"
_LONGEST_TEXT = 8_000
_LONGEST_FIELDS = 16_000
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many events of one job are kept: its newest log lines, and its newest progress reports.

    A job that logs without end costs no more than these; notices are always kept. A job is trimmed whenever this
    process has recorded `slack` more events of it, so for a while there may be that many more.
    """

    log: int = 5_000
    progress: int = 20
    slack: int = 500


class Recorder:
    """The write side of a dispatcher (`core.ports.Ledger`)."""

    def __init__(self, database: Database, keep: Keep | None = None) -> None:
        self._database = database
        self._keep = keep or Keep()
        self._recorded = _Counter()

    async def record(self, reported: Sequence[Event]) -> None:
        """Store events in one transaction; of the progress reports of an attempt in one batch, only the last counts."""
        kept = list(_thinned(reported))
        if not kept:
            return
        rows = [_row(event) for event in kept]
        latest = [event for event in kept if isinstance(event, Progress)]
        crowded = self._recorded.crowded([event.job_id for event in kept], self._keep.slack)

        def store(connection: sa.Connection) -> None:
            _ADD_EVENTS.run(connection, rows)
            if latest:
                connection.execute(_PROGRESS, [_progress(event) for event in latest])
            for job_id in crowded:
                trim(connection, job_id, self._keep)

        await self._database.write(store)

    async def cancel_requests(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these running jobs somebody asked to cancel."""

        def read(connection: sa.Connection) -> set[str]:
            found: set[str] = set()
            for some in chunks(job_ids):
                asked = sa.select(jobs.c.id).where(jobs.c.id.in_(some), jobs.c.cancel_at.is_not(None), RUNNING)
                found.update(connection.scalars(asked))
            return found

        return await self._database.read(read) if job_ids else set()


def trim(connection: sa.Connection, job_id: str, keep: Keep) -> None:
    """Delete the older log lines and progress reports of a job, beyond those to be kept."""
    for name, most in ((LOG, keep.log), (PROGRESS, keep.progress)):
        own = (events.c.job_id == job_id) & (events.c.name == name)
        first_kept = sa.select(events.c.seq).where(own).order_by(events.c.seq.desc()).limit(1).offset(most - 1)
        connection.execute(sa.delete(events).where(own, events.c.seq < first_kept.scalar_subquery()))


class _Counter:
    """How many events of each job were recorded since it was trimmed; old jobs are forgotten."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()

    def crowded(self, job_ids: Sequence[str], slack: int) -> list[str]:
        """Count these events, and tell which jobs have come to be trimmed."""
        for job_id in job_ids:
            self._counts[job_id] = self._counts.pop(job_id, 0) + 1
        full = [job_id for job_id in set(job_ids) if self._counts[job_id] >= slack]
        for job_id in full:
            del self._counts[job_id]
        while len(self._counts) > _MOST_REMEMBERED:
            self._counts.popitem(last=False)
        return full


_ADD_EVENTS = bulk_insert(events, ("job_id", "attempt", "at", "text", "name", "level", "fields"))

# A report that comes late must not overwrite that of a newer attempt.
_PROGRESS = (
    sa.update(jobs)
    .where(
        jobs.c.id == sa.bindparam("of_job"),
        RUNNING,
        jobs.c.failures + jobs.c.crashes + 1 == sa.bindparam("of_attempt"),
    )
    .values(progress=sa.bindparam("fraction"), progress_text=sa.bindparam("words"))
)


def _thinned(reported: Sequence[Event]) -> Iterator[Event]:
    last = {(event.job_id, event.attempt): event for event in reported if isinstance(event, Progress)}
    for event in reported:
        if not isinstance(event, Progress) or last[event.job_id, event.attempt] is event:
            yield event


def _row(event: Event) -> tuple[Any, ...]:
    about = (event.job_id, event.attempt, event.at, event.text[:_LONGEST_TEXT])
    match event:
        case Progress():
            return (*about, PROGRESS, None, to_json({"fraction": _fraction(event)}))
        case LogLine():
            return (*about, LOG, event.level.value, _fields(event.fields))
        case Notice():
            return (*about, event.name, None, None)


def _fields(fields: Mapping[str, object]) -> str | None:
    text = to_json(dict(fields)) if fields else None
    return text if text is None or len(text) <= _LONGEST_FIELDS else to_json({"left out": f"{len(text)} characters"})


def _progress(event: Progress) -> dict[str, Any]:
    return {
        "of_job": event.job_id,
        "of_attempt": event.attempt,
        "fraction": _fraction(event),
        "words": event.text[:_LONGEST_TEXT],
    }


def _fraction(event: Progress) -> float:
    return min(1.0, max(0.0, event.fraction))
