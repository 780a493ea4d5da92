"""`millhand failures`: failing jobs in groups of those that failed alike."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import Instant
from millhand.cli.examples import example
from millhand.cli.output import Column
from millhand.cli.session import Connected, session_of
from millhand.core.errors import NotFound, UsageError
from millhand.core.words import count_of

if TYPE_CHECKING:
    from millhand.ledger.views import FailureGroup

failures = typer.Typer(no_args_is_help=True, help="Show failures in groups, and run them again.")
_MOST = 10_000
_MOST_GROUPS = 100


@failures.command("list")
@example("millhand failures list")
def list_failures(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=_MOST_GROUPS, help="Show so many groups at most.")] = 50,
) -> None:
    """List groups of like failures, the one that failed last first."""
    session = session_of(ctx)
    found = session.ask(lambda here: here.inspector.failures(limit=limit))
    session.output.rows(_columns(), found, nothing="Nothing fails.")


@failures.command()
@example("millhand failures retry 5f1d0c2ab9e4")
def retry(
    ctx: typer.Context,
    group: Annotated[str, typer.Argument(help="The group's fingerprint, as `failures list` shows it.")],
    kind: Annotated[str | None, typer.Option(help="Only this kind, if several kinds failed alike.")] = None,
) -> None:
    """Run all jobs of a group again: the discarded ones, and those that wait for their next attempt."""
    session = session_of(ctx)
    count = session.ask(lambda here: _retry(here, group, kind))
    if session.output.json:
        session.output.record({"group": group, "retried": count})
    else:
        session.output.say(f"{count_of(count, 'job')} will run again.")


async def _retry(connected: Connected, group: str, kind: str | None) -> int:
    shown = await connected.inspector.failures(limit=_MOST_GROUPS)
    kinds = {kind} if kind else {one.kind for one in shown if one.fingerprint == group}
    if len(kinds) > 1:
        raise UsageError(
            f"several kinds failed like '{group}': {', '.join(sorted(kinds))}", hint="Name one with --kind."
        )
    ids = [each for one in kinds for each in await connected.inspector.jobs_of_failure(one, group, limit=_MOST)]
    if not ids:
        raise NotFound(
            f"there is no failure group '{group}'" + (f" of {kind}" if kind else ""),
            hint="`millhand failures list` shows them; for one that failed too long ago to be listed, give its --kind.",
        )
    return len(await connected.control.retry(ids))


def _columns() -> "list[Column[FailureGroup]]":
    return [
        Column("group", lambda group: group.fingerprint),
        Column("kind", lambda group: group.kind),
        Column("discarded", lambda group: group.discarded, right=True),
        Column("retrying", lambda group: group.retrying, right=True),
        Column("trend", lambda group: group.trend and group.trend.value, yields=5),
        Column("first", lambda group: Instant(group.first_at), yields=3),
        Column("last", lambda group: Instant(group.last_at), yields=2),
        Column("example", lambda group: group.sample_id, yields=4),
        Column("code", lambda group: group.code, yields=1),
        Column("message", lambda group: group.message, cut=True),
    ]
