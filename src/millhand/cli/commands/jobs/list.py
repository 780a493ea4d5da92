"""`millhand jobs list`: which jobs there are."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import Instant, Seconds, Share
from millhand.cli.examples import example
from millhand.cli.output import Column
from millhand.cli.session import Session, session_of
from millhand.core.state import FINAL

if TYPE_CHECKING:
    from millhand.ledger.views import JobRow

_LARGEST_PAGE = 500


@example(
    "millhand jobs list state:discarded kind:document.* since:2h",
    "millhand jobs list queue:mail --json | jq -r .id",
)
def list_jobs(
    ctx: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="FILTER", help="See: millhand help filters.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show so many at most.")] = 50,
) -> None:
    """List jobs, the newest first."""
    session = session_of(ctx)
    rows = session.run(_read(session, " ".join(words or ()), limit))
    session.output.rows(_columns(), rows, nothing="No jobs fit.")


async def _read(session: Session, words: str, limit: int) -> "list[JobRow]":
    from millhand.ledger.filters import parse

    wanted = parse(words, session.clock.now())
    found: list[JobRow] = []
    async with session.connected() as connected:
        before = None
        while len(found) < limit:
            page = await connected.inspector.jobs(wanted, before=before, limit=min(limit - len(found), _LARGEST_PAGE))
            found += page.rows
            before = page.next
            if before is None:
                break
    return found


def _columns() -> "list[Column[JobRow]]":
    return [
        Column("id", lambda job: job.id),
        Column("kind", lambda job: job.kind),
        Column("subject", lambda job: job.subject, cut=True, yields=2),
        Column("state", lambda job: job.state),
        Column("queue", lambda job: job.queue, yields=3),
        Column("failed", lambda job: job.failures + job.crashes, right=True, yields=2),
        Column("enqueued", lambda job: Instant(job.enqueued_at)),
        Column("ran", lambda job: Seconds(_ran(job)), right=True, yields=4),
        Column("done", lambda job: Share(_done(job)), right=True, yields=5),
        Column("remark", _remark, cut=True, yields=1),
    ]


def _done(job: "JobRow") -> float | None:
    """How far it is; what completed is done, whatever it told last."""
    return 1.0 if job.state == "completed" and job.progress is not None else job.progress


def _remark(job: "JobRow") -> str:
    """Why it failed, or what it does now."""
    return job.error_message or ("" if job.state in FINAL else job.progress_text)


def _ran(job: "JobRow") -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return max(0, job.finished_at - job.started_at) / 1_000_000
