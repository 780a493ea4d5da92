"""Send jobs through the port: to a queue of plain data as others send to it, otherwise in our envelope."""

import json
import uuid
from collections.abc import Callable, Iterable, Sequence

from millhand.brokers.pgboss.connections import Connection, rows
from millhand.brokers.pgboss.envelope import is_plain, wrap
from millhand.brokers.pgboss.insert import EXCLUSIVE, Row, insert, notify
from millhand.brokers.pgboss.options import JobOptions
from millhand.brokers.pgboss.queues import KEY_STRICT_FIFO, STANDARD, Queue
from millhand.brokers.pgboss.tables import Tables
from millhand.core.clock import MICROSECONDS
from millhand.core.errors import BrokerUnavailable, NotSupported, PayloadTooLarge, UsageError
from millhand.core.job import DEFAULT_TENANT, NewJob, Sent

MAX_PAYLOAD = 1024 * 1024
"""The largest arguments, in bytes of UTF-8."""

_LONGEST_CHARACTER = 4
_TRIES = 3

KindOf = Callable[[str], str]


def check_sizes(jobs: Iterable[NewJob]) -> None:
    """Refuse arguments that are too large; raises `PayloadTooLarge`."""
    for job in jobs:
        if len(job.args) * _LONGEST_CHARACTER > MAX_PAYLOAD and len(job.args.encode()) > MAX_PAYLOAD:
            raise PayloadTooLarge(f"the arguments of job {job.id} ({job.kind}) have more than {MAX_PAYLOAD:,} bytes")


async def send(
    connection: Connection, tables: Tables, queues: dict[str, Queue], jobs: Sequence[NewJob], kind_of: KindOf, now: int
) -> list[Sent]:
    """Store jobs within a transaction, and say which were duplicates. A job with a known id is stored already.

    `now` is the caller's instant, against which the jobs' times are meant: the database has its own clock.
    """
    answers: dict[int, Sent] = {}
    for name, queue in queues.items():
        mine = [(place, job) for place, job in enumerate(jobs) if job.queue == name]
        wanted = [_row(place, job, tables, queue, kind_of(name), now) for place, job in mine]
        stored = set(await insert(connection, tables, queue, wanted))
        for (place, job), row in zip(mine, wanted, strict=True):
            known = _uuid(job.id) in stored
            answers[place] = Sent(job.id) if known else await _kept_out(connection, tables, queue, job, row)
            stored.discard(_uuid(job.id))
    await notify(connection, tables, sorted({job.queue for job in jobs if job.run_at <= now}))
    return [answers[place] for place in range(len(jobs))]


def check(tables: Tables, queue: Queue, job: NewJob, kind: str) -> None:
    """Refuse what this queue can't take; raises `NotSupported` or `UsageError`."""
    if job.key is not None and queue.policy == STANDARD and not tables.exclusive:
        raise NotSupported(
            f"this release of pg-boss keeps no key unique in the queue '{queue.name}'",
            hint="Leave the key out, or use a queue with the policy stately or short.",
        )
    plain = is_plain(job, kind)
    if plain and job.tenant != DEFAULT_TENANT and "group_id" not in tables.job:
        raise NotSupported(
            f"plain data for the queue '{queue.name}' has no place for a tenant", hint="Put it into the arguments."
        )
    if plain and "\\u0000" in job.args:
        raise UsageError(f"plain data for the queue '{queue.name}' can't hold the character NUL", hint="Leave it out.")
    if queue.policy == KEY_STRICT_FIFO and not job.key:
        raise UsageError(f"jobs of the queue '{queue.name}' need a key: its policy is {queue.policy}")
    _uuid(job.id)


def _row(place: int, job: NewJob, tables: Tables, queue: Queue, kind: str, now: int) -> Row:
    check(tables, queue, job, kind)
    plain = is_plain(job, kind)
    options = JobOptions(
        id=_uuid(job.id),
        priority=job.priority,
        delay=max(0, job.run_at - now) / MICROSECONDS,
        singleton_key=job.key if plain or job.key is None else f"{job.kind}:{job.key}",
        retry_limit=None if plain else max(0, job.max_attempts + job.max_crashes - 2),
        group=job.tenant if job.tenant != DEFAULT_TENANT and "group_id" in tables.job else None,
    )
    data = json.loads(job.args) if plain else wrap(job)
    return Row(data=data, options=options, exclusive=job.key is not None, place=place)


def _uuid(job_id: str) -> str:
    try:
        return str(uuid.UUID(job_id))
    except ValueError as error:
        raise UsageError(f"pg-boss knows jobs by UUIDs, not by '{job_id}'") from error


async def _kept_out(connection: Connection, tables: Tables, queue: Queue, job: NewJob, row: Row) -> Sent:
    """Why a job was not stored: it was before, or a live job holds its key; that one may end at any moment."""
    for _ in range(_TRIES):
        if (holder := await _holder(connection, tables, queue, row)) is not None:
            return Sent(job.id if holder == row.options.id else holder, duplicate=holder != row.options.id)
        if await insert(connection, tables, queue, [row]):
            return Sent(job.id)
    raise BrokerUnavailable("the jobs' keys are taken and freed too quickly", hint="Send them again.")


async def _holder(connection: Connection, tables: Tables, queue: Queue, row: Row) -> str | None:
    policy = EXCLUSIVE if queue.policy == STANDARD else queue.policy
    statement = f"""
      SELECT id::text AS id FROM {tables.name(queue.table)}
      WHERE name = %(queue)s AND (id = %(id)s::uuid OR (
        state <= 'active' AND policy = %(policy)s AND COALESCE(singleton_key, '') = COALESCE(%(key)s::text, '')))
      ORDER BY id <> %(id)s::uuid, state DESC LIMIT 1
    """
    about = {"queue": queue.name, "id": row.options.id, "policy": policy, "key": row.options.singleton_key}
    found = await rows(connection, statement, about)
    return found[0]["id"] if found else None
