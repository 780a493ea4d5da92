"""Lists of jobs: by filter, newest first, a bounded number of rows looked at for each page."""

from collections.abc import Callable, Iterator, Sequence
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
"""How many jobs one page of a search looks at, at most, where it goes through all jobs in their order."""

SCATTERED = 6_000
"""The same where it goes along an index, from which each job has to be looked up."""

LARGEST_PAGE = 500
_SHORTEST_PREFIX = 4

Conditions = Sequence[sa.ColumnElement[bool]]


def page(connection: sa.Connection, wanted: JobFilter, before: int | None, limit: int) -> JobPage:
    """The newest jobs that fit, older than the cursor `before` if one is given."""
    limit = max(1, min(limit, LARGEST_PAGE))
    older = [] if before is None else [jobs.c.seq < before]
    walks, rest = _walks(wanted), list(_conditions(wanted))
    edges = _edges(connection, walks, before) if rest else [0] * len(walks)
    bounds = ([*older, jobs.c.seq >= edge] for edge in edges)
    fitting = [[*walk, *within, *rest] for walk, within in zip(walks, bounds, strict=True)]
    found = newest(connection, *((conditions, limit + 1) for conditions in fitting))
    # Each walk saw every job down to its last one, or to its edge: below the highest of these, some may be missing.
    reached = max(walk[-1].seq if len(walk) > limit else edge for walk, edge in zip(found, edges, strict=True))
    rows = sorted((row for walk in found for row in walk if row.seq >= reached), key=lambda row: -row.seq)
    if len(rows) > limit:
        rows, reached = rows[:limit], rows[limit - 1].seq
    return JobPage(tuple(rows), reached or None)


def newest(connection: sa.Connection, *parts: tuple[Conditions, int]) -> list[list[JobRow]]:
    """Of each part, the newest jobs that fulfil its conditions, so many at most: by one statement for all parts."""
    found = [list[JobRow]() for _ in parts]
    some = [
        sa.select(sa.literal_column(str(place), sa.Integer).label("part"), *JOB_ROW)
        .where(*conditions)
        .order_by(jobs.c.seq.desc())
        .limit(limit)
        .subquery()
        for place, (conditions, limit) in enumerate(parts)
    ]
    for row in connection.execute(sa.union_all(*(sa.select(part) for part in some))).mappings():
        found[int(row["part"])].append(job_row(row))
    return [sorted(part, key=lambda row: -row.seq) for part in found]


def tally(connection: sa.Connection) -> dict[State, Count]:
    """How many jobs are in each state, bounded."""
    numbers = counts(connection, [bounded(in_state(state)) for state in State])
    return {state: counted(number, MOST) for state, number in zip(State, numbers, strict=True)}


def count(connection: sa.Connection, wanted: JobFilter) -> Count:
    """How many jobs fit, bounded: at most `MOST`, among those that a search looks at first; by one statement."""
    questions: list[sa.ScalarSelect[int]] = []
    walks, rest = _walks(wanted), list(_conditions(wanted))
    for walk in walks:
        edge = _end(walk, None, len(walks)) if rest else sa.select(sa.literal(0)).scalar_subquery()
        questions += [edge, bounded(*walk, jobs.c.seq >= sa.func.coalesce(edge, 0), *rest)]
    answers = counts(connection, questions)
    fitting = counted(sum(answers[1::2]))
    return Count(fitting.value, more=fitting.more or any((edge or 0) > 0 for edge in answers[::2]))


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


def _walks(wanted: JobFilter) -> list[Conditions]:
    """The walks that find them: each goes down one index in the order of `seq`."""
    parent = [] if wanted.parent is None else [jobs.c.parent_id == wanted.parent]
    if _is_group(wanted):
        group = [FAILING, jobs.c.kind == wanted.kind, jobs.c.error_fingerprint == wanted.fingerprint, *parent]
        return [[in_state(state), *group] for state in sorted(wanted.states or {State.DISCARDED, State.RETRYABLE})]
    if wanted.states:
        return [[in_state(state), *parent] for state in sorted(wanted.states)]
    return [parent]


def _is_group(wanted: JobFilter) -> bool:
    names_it = bool(wanted.fingerprint and wanted.kind and not wanted.kind.endswith("*"))
    return names_it and wanted.states <= {State.DISCARDED, State.RETRYABLE}


def _edges(connection: sa.Connection, walks: Sequence[Conditions], before: int | None) -> list[int]:
    """Where the window of each walk ends, or 0 at the end of the ledger."""
    ends = [_end(walk, before, len(walks)).label(f"n{place}") for place, walk in enumerate(walks)]
    return [max(0, end or 0) for end in connection.execute(sa.select(*ends)).one()]


def _end(walk: Conditions, before: int | None, walks: int) -> sa.ScalarSelect[int]:
    """The last job in the window of a walk along an index; of one through all jobs, a number that no job need have."""
    if not walk:
        top = sa.literal(before, sa.BigInteger) if before else sa.func.max(jobs.c.seq) + 1
        return sa.select(top - WINDOW).scalar_subquery()
    older = [] if before is None else [jobs.c.seq < before]
    last = sa.select(jobs.c.seq).where(*walk, *older).order_by(jobs.c.seq.desc())
    return last.limit(1).offset(SCATTERED // walks - 1).scalar_subquery()


def _conditions(wanted: JobFilter) -> Iterator[sa.ColumnElement[bool]]:
    """What has to be looked for, beside what holds for each entry of the indexes that the walks go along."""
    known = ("kind", "fingerprint") if _is_group(wanted) else ()
    readers: dict[str, Callable[[Any], sa.ColumnElement[bool]]] = {
        "kind": _kind,
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
        if value is not None and name not in known:
            yield condition(value)


def _kind(kind: str) -> sa.ColumnElement[bool]:
    return jobs.c.kind.startswith(kind[:-1], autoescape=True) if kind.endswith("*") else jobs.c.kind == kind


def _error(text: str) -> sa.ColumnElement[bool]:
    return (jobs.c.error_code == text) | jobs.c.error_message.icontains(text, autoescape=True)
