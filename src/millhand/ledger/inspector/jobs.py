"""Lists of jobs: by filter, newest first, a bounded number of rows looked at for each page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from millhand.core.errors import NotFound, UsageError
from millhand.core.state import State
from millhand.database.tables import FAILING, in_state, jobs
from millhand.ledger.filters import JobFilter
from millhand.ledger.inspector.counts import MOST, bounded, counted, counts
from millhand.ledger.inspector.rows import JOB_ERROR, JOB_RECORD, JOB_ROW, job_record, job_row
from millhand.ledger.store import chunks
from millhand.ledger.views import Count, JobPage, JobRecord, JobRow

WINDOW = 20_000
"""How many jobs one page looks at, at most, for each state asked for."""

LARGEST_PAGE = 500
_SHORTEST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class _Found:
    """What one walk found: it saw every job down to `reached`, or all of them (0)."""

    rows: list[JobRow]
    reached: int


def page(connection: sa.Connection, wanted: JobFilter, before: int | None, limit: int) -> JobPage:
    """The newest jobs that fit, older than the cursor `before` if one is given."""
    limit = max(1, min(limit, LARGEST_PAGE))
    walks = [_walk(connection, source, wanted, before, limit) for source in _sources(wanted)]
    reached = max((walk.reached for walk in walks), default=0)
    rows = sorted((row for walk in walks for row in walk.rows if row.seq >= reached), key=lambda row: -row.seq)
    if len(rows) > limit:
        rows, reached = rows[:limit], rows[limit - 1].seq
    return JobPage(tuple(rows), reached or None)


def tally(connection: sa.Connection) -> dict[State, Count]:
    """How many jobs are in each state, bounded."""
    numbers = counts(connection, [bounded(in_state(state)) for state in State])
    return {state: counted(number, MOST) for state, number in zip(State, numbers, strict=True)}


def count(connection: sa.Connection, wanted: JobFilter) -> Count:
    """How many jobs fit, bounded: at most `MOST`, among the newest `WINDOW` jobs of each walk; by one statement."""
    questions: list[sa.ScalarSelect[int]] = []
    for source in _sources(wanted):
        along = _along(source, wanted)
        edge = _last_seen(along)
        questions += [edge, bounded(*along, jobs.c.seq >= sa.func.coalesce(edge, 0), *_conditions(wanted))]
    answers = counts(connection, questions)
    fitting = counted(sum(answers[1::2]))
    return Count(fitting.value, more=fitting.more or any(answers[::2]))


def resolve(connection: sa.Connection, text: str) -> str:
    """The id that a person means by it or by its beginning; raises `NotFound`, or `UsageError` if it fits several."""
    start = text.strip().lower()
    if len(start) < _SHORTEST_PREFIX:
        raise UsageError(
            f"'{text}' is too short for a job's id", hint="Give the id, or its first eight characters or more."
        )
    fits = sa.select(jobs.c.id).where(jobs.c.id >= start, jobs.c.id < f"{start}~").order_by(jobs.c.id).limit(2)
    found = list(connection.scalars(fits))
    if not found:
        raise NotFound(f"there is no job '{text}'")
    if len(found) > 1 and found[0] != start:
        raise UsageError(f"more than one job's id begins with '{text}'", hint="Give more of the id.")
    return found[0]


def records(connection: sa.Connection, job_ids: Sequence[str]) -> dict[str, JobRecord]:
    """These jobs for programs, by id; unknown ones are left out."""
    found: dict[str, JobRecord] = {}
    for some in chunks(job_ids):
        of_these = sa.select(*JOB_RECORD, *JOB_ERROR, jobs.c.claimed_at).where(jobs.c.id.in_(some))
        found.update({row["id"]: job_record(row) for row in connection.execute(of_these).mappings()})
    return found


def _sources(wanted: JobFilter) -> list[sa.ColumnElement[bool] | None]:
    """The walks that find them: each goes down one index in the order of `seq`."""
    if _is_group(wanted):
        return [in_state(state) for state in sorted(wanted.states or {State.DISCARDED, State.RETRYABLE})]
    if wanted.states:
        return [in_state(state) for state in sorted(wanted.states)]
    return [None]


def _is_group(wanted: JobFilter) -> bool:
    names_it = bool(wanted.fingerprint and wanted.kind and not wanted.kind.endswith("*"))
    return names_it and wanted.states <= {State.DISCARDED, State.RETRYABLE}


def _walk(
    connection: sa.Connection,
    source: sa.ColumnElement[bool] | None,
    wanted: JobFilter,
    before: int | None,
    limit: int,
) -> _Found:
    along = _along(source, wanted)
    older = [] if before is None else [jobs.c.seq < before]
    edge = _edge(connection, [*along, *older] if along else [], before)
    fitting = sa.select(*JOB_ROW).where(*along, *older, jobs.c.seq >= edge, *_conditions(wanted))
    rows = connection.execute(fitting.order_by(jobs.c.seq.desc()).limit(limit + 1)).mappings()
    found = [job_row(row) for row in rows]
    return _Found(found, found[-1].seq if len(found) > limit else edge)


def _along(source: sa.ColumnElement[bool] | None, wanted: JobFilter) -> list[sa.ColumnElement[bool]]:
    """What holds for every entry of the index that a walk goes along."""
    along = [] if source is None else [source]
    if _is_group(wanted):
        along += [FAILING, jobs.c.kind == wanted.kind, jobs.c.error_fingerprint == wanted.fingerprint]
    if wanted.parent is not None:
        along.append(jobs.c.parent_id == wanted.parent)
    return along


def _last_seen(along: Sequence[sa.ColumnElement[bool]]) -> sa.ScalarSelect[int]:
    """Where the window of a walk from the newest job ends; null if it reaches the end of the ledger."""
    if along:
        last = sa.select(jobs.c.seq).where(*along).order_by(jobs.c.seq.desc()).limit(1).offset(WINDOW - 1)
        return last.scalar_subquery()
    end = sa.func.max(jobs.c.seq) + 1 - WINDOW
    return sa.select(sa.case((end > 0, end))).scalar_subquery()


def _edge(connection: sa.Connection, along: Sequence[sa.ColumnElement[bool]], before: int | None) -> int:
    """Where the window of a walk ends: `WINDOW` jobs on, or 0 at the end of the ledger."""
    if along:
        last = sa.select(jobs.c.seq).where(*along).order_by(jobs.c.seq.desc()).limit(1).offset(WINDOW - 1)
        return connection.scalar(last) or 0
    top = before or (connection.scalar(sa.select(sa.func.max(jobs.c.seq))) or 0) + 1
    return max(0, top - WINDOW)


def _conditions(wanted: JobFilter) -> Iterator[sa.ColumnElement[bool]]:
    readers: dict[str, Callable[[Any], sa.ColumnElement[bool]]] = {
        "kind": _kind,
        "states": lambda states: jobs.c.state.in_(sorted(states)),
        "queue": lambda queue: jobs.c.queue == queue,
        "tenant": lambda tenant: jobs.c.tenant == tenant,
        "key": lambda key: jobs.c.key == key,
        "fingerprint": lambda fingerprint: jobs.c.error_fingerprint == fingerprint,
        "error": _error,
        "since": lambda instant: jobs.c.enqueued_at >= instant,
        "until": lambda instant: jobs.c.enqueued_at < instant,
    }
    for name, condition in readers.items():
        value = getattr(wanted, name)
        if value not in (None, frozenset()):
            yield condition(value)


def _kind(kind: str) -> sa.ColumnElement[bool]:
    return jobs.c.kind.startswith(kind[:-1], autoescape=True) if kind.endswith("*") else jobs.c.kind == kind


def _error(text: str) -> sa.ColumnElement[bool]:
    return (jobs.c.error_code == text) | jobs.c.error_message.icontains(text, autoescape=True)
