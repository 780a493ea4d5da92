"""`millhand doctor`: what is wrong here, and what to do about it."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.session import Session, session_of
from millhand.core.errors import ConfigError

if TYPE_CHECKING:
    from millhand.core.finding import Finding


@example("millhand doctor", "millhand doctor --deep --json | jq 'select(.level == \"error\")'")
def doctor(
    ctx: typer.Context,
    deep: Annotated[bool, typer.Option("--deep", help="Also convert a page and read the whole database.")] = False,
) -> None:
    """Check settings, database, queue, blobs, LibreOffice, handlers, host and workers; exits 1 on any ✖.

    Each check says what it found (✔ well, ⚠ look at it, ✖ broken) and what to do.
    """
    from millhand.cli.findings import show_findings

    session = session_of(ctx)
    session.log_to_stderr("error")
    if show_findings(session.output, session.run(_examine(session, deep=deep))):
        raise typer.Exit(ExitCode.NO)


async def _examine(session: Session, *, deep: bool) -> "list[Finding]":
    from millhand.core.finding import Finding, Level
    from millhand.doctor.examination import examine

    try:
        settings = session.settings()
    except ConfigError as error:
        return [Finding("config.parsed", Level.ERROR, error.message, error.hint)]
    findings = [finding async for finding in examine(settings, deep=deep)]
    relevant = (Level.OK, Level.WARNING, Level.ERROR)
    return [finding for finding in findings if session.output.verbose or finding.level in relevant]
