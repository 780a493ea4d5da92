"""`millhand jobs wait`: wait until jobs are settled."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from millhand.cli.durations import as_seconds
from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.results import report_job, settled
from millhand.cli.session import Session, session_of

if TYPE_CHECKING:
    from millhand.core.job import Job


@example("millhand jobs wait 0199d1f2-3c4b --timeout 5m")
def wait(
    ctx: typer.Context,
    jobs: Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of jobs, or their beginnings.")],
    timeout: Annotated[str | None, typer.Option(help="Give up after so long, such as 90, 30s or 5m.")] = None,
) -> None:
    """Wait until jobs are settled, and show how they ended.

    Exits 1 if one did not complete, 5 if one is not settled in time; the jobs themselves go on.
    """
    session = session_of(ctx)
    ended = session.run(_wait(session, jobs, as_seconds(timeout)))
    completed = [report_job(session.output, job) for job in ended]
    if not all(completed):
        raise typer.Exit(ExitCode.NO)


async def _wait(session: Session, jobs: list[str], seconds: float | None) -> "list[Job[Any]]":
    async with session.connected() as connected:
        found = [await connected.app.job(await connected.resolve(job)) for job in jobs]
        return await asyncio.gather(*(settled(connected, job, seconds) for job in found))
