"""Store jobs: one INSERT for all of them; a job whose key is taken by a live one is left out."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice, repeat

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from millhand.core.errors import BrokerUnavailable, PayloadTooLarge
from millhand.core.job import OWN, NewJob, Sent
from millhand.core.state import State
from millhand.database.bulk import Bulk, Given, copy_in, insert_given
from millhand.database.copy_text import lines
from millhand.database.tables import LIVE_KEY, by_index, jobs, queues

MAX_PAYLOAD = 1024 * 1024
"""The largest arguments, in bytes of UTF-8."""

_LONGEST_CHARACTER = 4
_MOST_ATTEMPTS = 2**15 - 1
_KEYS_AT_ONCE = 200
_TRIES = 3
_FEWEST_TO_COPY = 200
_LINES_AT_ONCE = 100

_OWN_COLUMNS = ("id", "args")
_SHARED_COLUMNS = (
    "kind", "queue", "tenant", "headers", "priority", "run_at", "key", "limit_key", "max_attempts", "max_crashes",
    "parent_id", "version", "state", "enqueued_at",
)  # fmt: skip
_START = {name: sa.literal_column("0", sa.Integer) for name in ("failures", "crashes", "fence")}


def _add_jobs(dialect: sa.Dialect, given: Given) -> sa.UpdateBase:
    """Insert the jobs whose ids and keys are not taken; on PostgreSQL their queues as well, with the same statement."""
    add = insert_given(dialect, jobs, {**given, **_START}).on_conflict_do_nothing()
    if dialect.name != "postgresql":
        return add
    names = sa.select(given["queue"]).distinct().order_by(sa.literal_column("1"))
    known = postgresql.insert(queues).from_select(["name"], names).on_conflict_do_nothing()
    return add.add_cte(known.cte("known"))


_OWN = {name: jobs.c[name] for name in _OWN_COLUMNS}
_SHARED = {name: jobs.c[name] for name in _SHARED_COLUMNS}
_ADD_JOBS = Bulk(_OWN | _SHARED, _add_jobs)
_ADD_ALIKE = Bulk(_OWN, _add_jobs, same=_SHARED)
_ADD_QUEUES = Bulk(
    {"name": queues.c.name}, lambda dialect, given: insert_given(dialect, queues, given).on_conflict_do_nothing()
)

_HOLDERS = by_index(sa.select(jobs.c.kind, jobs.c.key, jobs.c.id), "jobs_live_key").where(
    LIVE_KEY, sa.tuple_(jobs.c.kind, jobs.c.key).in_(sa.bindparam("keys", expanding=True))
)
_PRESENT = sa.select(jobs.c.id).where(jobs.c.id.in_(sa.bindparam("ids", expanding=True)))


def check_sizes(batch: Iterable[NewJob]) -> None:
    """Refuse arguments that are too large; raises `PayloadTooLarge`."""
    for job in batch:
        if len(job.args) * _LONGEST_CHARACTER > MAX_PAYLOAD and len(job.args.encode()) > MAX_PAYLOAD:
            raise PayloadTooLarge(f"the arguments of job {job.id} ({job.kind}) have more than {MAX_PAYLOAD:,} bytes")


def insert_jobs(connection: sa.Connection, batch: Sequence[NewJob], now: int) -> list[Sent]:
    """Store jobs, and say which were duplicates of live ones. A job with a known id is taken as stored already."""
    _store(connection, batch, now)
    keyed = [job for job in batch if job.key is not None]
    if not keyed:
        return [Sent(job.id) for job in batch]
    holders = _holders(connection, keyed, now)
    return [_sent(job, holders) for job in batch]


def _store(connection: sa.Connection, batch: Sequence[NewJob], now: int) -> None:
    if connection.dialect.name != "postgresql":
        add_queues(connection, {job.queue for job in batch})
        _insert(connection, batch, now)
    elif is_one_statement(batch) or any(job.key is not None for job in batch):
        _insert(connection, batch, now)
    else:
        add_queues(connection, {job.queue for job in batch})
        if not copy_in(connection, jobs, (*_OWN_COLUMNS, *_SHARED_COLUMNS, *_START), _lines(batch, now)):
            _insert(connection, batch, now)


def _insert(connection: sa.Connection, batch: Sequence[NewJob], now: int) -> None:
    common = batch[0][OWN:]
    if all(job[OWN:] == common for job in batch):
        shared = zip(_SHARED_COLUMNS, _shared(batch[0], now), strict=True)
        _ADD_ALIKE.run(connection, [job[:OWN] for job in batch], dict(shared))
    else:
        _ADD_JOBS.run(connection, list(_rows(batch, now)))


def is_one_statement(batch: Sequence[NewJob]) -> bool:
    """Whether a database with arrays stores these jobs with one statement."""
    return len(batch) < _FEWEST_TO_COPY and all(job.key is None for job in batch)


def add_queues(connection: sa.Connection, names: Iterable[str]) -> None:
    """Make sure that these queues are known."""
    _ADD_QUEUES.run(connection, [(name,) for name in sorted(names)])


def _rows(batch: Iterable[NewJob], now: int) -> Iterator[tuple[object, ...]]:
    """The values of all columns; for jobs in a row that are alike, those which they share are made once."""
    for _, alike in groupby(batch, _common):
        first = next(alike)
        shared = _shared(first, now)
        for job in chain([first], alike):
            yield *job[:OWN], *shared


def _lines(batch: Sequence[NewJob], now: int) -> Iterator[str]:
    """The same for COPY, with the counts that start at zero: the server reads some while the next ones are written."""
    for start in range(0, len(batch), _LINES_AT_ONCE):
        runs = groupby(batch[start : start + _LINES_AT_ONCE], _common)
        yield "".join(_alike(list(run), now) for _, run in runs)


def _alike(run: Sequence[NewJob], now: int) -> str:
    return lines([job[:OWN] for job in run], (*_shared(run[0], now), *repeat(0, len(_START))))


def _common(job: NewJob) -> tuple[object, ...]:
    return job[OWN:]


def _shared(job: NewJob, now: int) -> tuple[str | int | None, ...]:
    """The values of `_SHARED_COLUMNS`."""
    _, _, kind, queue, tenant, headers, priority, run_at, key, limit_key, attempts, crashes, parent, version = job
    later = run_at > now
    return (
        kind,
        queue,
        tenant,
        json.dumps(dict(headers), ensure_ascii=False) if headers else "{}",
        priority,
        run_at if later else now,
        key,
        limit_key or "",
        min(attempts, _MOST_ATTEMPTS),
        min(crashes, _MOST_ATTEMPTS),
        parent,
        version,
        State.SCHEDULED.value if later else State.AVAILABLE.value,
        now,
    )


def _sent(job: NewJob, holders: Mapping[tuple[str, str], str]) -> Sent:
    holder = job.id if job.key is None else holders.get((job.kind, job.key), job.id)
    return Sent(holder, duplicate=holder != job.id)


def _holders(connection: sa.Connection, keyed: Sequence[NewJob], now: int) -> dict[tuple[str, str], str]:
    """Which live job holds each key.

    On PostgreSQL the holder that kept a job out may have ended since: then the job is inserted again.
    """
    for _ in range(_TRIES):
        holders = _live_holders(connection, {(job.kind, job.key) for job in keyed if job.key is not None})
        lost = _not_stored(connection, [job for job in keyed if (job.kind, job.key) not in holders])
        if not lost:
            return holders
        _insert(connection, lost, now)
    raise BrokerUnavailable("the jobs' keys are taken and freed too quickly", hint="Send them again.")


def _live_holders(connection: sa.Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    holders: dict[tuple[str, str], str] = {}
    remaining = iter(sorted(keys))
    while some := list(islice(remaining, _KEYS_AT_ONCE)):
        for kind, key, job_id in connection.execute(_HOLDERS, {"keys": some}):
            holders[kind, key] = job_id
    return holders


def _not_stored(connection: sa.Connection, doubtful: Sequence[NewJob]) -> list[NewJob]:
    if not doubtful:
        return []
    present = set(connection.scalars(_PRESENT, {"ids": [job.id for job in doubtful]}))
    return [job for job in doubtful if job.id not in present]
