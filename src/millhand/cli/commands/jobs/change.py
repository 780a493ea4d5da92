"""`millhand jobs retry` and `cancel`: commands on single jobs or on all that a filter finds."""

from collections.abc import Sequence
from typing import Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.session import Connected, Session, session_of
from millhand.core.errors import MillhandError, NotFound, UsageError
from millhand.core.words import count_of

_MOST = 10_000
_PAGE = 500

Ids = Annotated[list[str] | None, typer.Argument(metavar="JOB...", help="Ids of jobs, or their beginnings.")]
Where = Annotated[str | None, typer.Option(metavar="FILTER", help="All jobs that fit: millhand help filters.")]


@example(
    "millhand jobs retry 0199d1f2-3c4b",
    'millhand jobs retry --where "state:discarded kind:document.convert since:1d"',
)
def retry(ctx: typer.Context, jobs: Ids = None, where: Where = None) -> None:
    """Make settled or waiting jobs ready to run now; nothing is charged for it."""
    session = session_of(ctx)
    session.run(_retry(session, jobs or [], where))


@example(
    "millhand jobs cancel 0199d1f2-3c4b",
    'millhand jobs cancel --where "state:available queue:mail"',
)
def cancel(ctx: typer.Context, jobs: Ids = None, where: Where = None) -> None:
    """Cancel jobs: waiting ones at once, running ones within about a second."""
    session = session_of(ctx)
    session.run(_cancel(session, jobs or [], where))


async def _retry(session: Session, jobs: list[str], where: str | None) -> None:
    async with session.connected() as connected:
        wanted = await _meant(session, connected, jobs, where)
        done: list[str] = []
        for start in range(0, len(wanted), _PAGE):
            done += await connected.control.retry(wanted[start : start + _PAGE])
    for job_id in done:
        _tell(session, job_id, "available")
    session.output.say(f"{len(done):,} of {count_of(len(wanted), 'job')} will run again.")
    if jobs and not done:
        raise MillhandError(
            "nothing was changed", code="too_late", hint="Only jobs that are settled or wait can be run again."
        )


async def _cancel(session: Session, jobs: list[str], where: str | None) -> None:
    async with session.connected() as connected:
        wanted = await _meant(session, connected, jobs, where)
        results = await connected.control.cancel_all(wanted)
    for job_id, result in results.items():
        _tell(session, job_id, str(result))
    late = [job_id for job_id, result in results.items() if result == "too late"]
    session.output.say(f"{len(results) - len(late):,} of {count_of(len(wanted), 'job')} cancelled or told to stop.")
    if jobs and len(late) == len(results):
        raise MillhandError(
            "nothing was cancelled", code="too_late", hint="What is settled already can't be cancelled."
        )


async def _meant(session: Session, connected: Connected, jobs: Sequence[str], where: str | None) -> list[str]:
    """The ids of the jobs that a person names, or that fit the filter."""
    if bool(jobs) == (where is not None):
        raise UsageError("name jobs by id, or give --where, one of the two")
    if where is None:
        return [await connected.resolve(text) for text in jobs]
    found = await _fitting(session, connected, where)
    if not found:
        raise NotFound(f"no job fits '{where}'")
    return found


async def _fitting(session: Session, connected: Connected, where: str) -> list[str]:
    from millhand.ledger.filters import JobFilter, parse

    wanted = parse(where, session.clock.now())
    if wanted == JobFilter():
        raise UsageError("the filter is empty, which means every job", hint="Write at least state:… or queue:….")
    found: list[str] = []
    before = None
    while len(found) < _MOST:
        page = await connected.inspector.jobs(wanted, before=before, limit=_PAGE)
        found += [row.id for row in page.rows]
        before = page.next
        if before is None:
            break
    return found[:_MOST]


def _tell(session: Session, job_id: str, became: str) -> None:
    if session.output.json:
        session.output.record({"id": job_id, "became": became})
    else:
        session.output.data(f"{job_id}\t{became}")
