"""`millhand enqueue`: send one job, or one for each line of standard input."""

from typing import Annotated

import typer

from millhand.cli.durations import as_seconds
from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.session import session_of
from millhand.core.errors import UsageError


@example(
    "millhand enqueue document.convert @convert.json --wait --timeout 2m",
    "millhand enqueue mail.send - < letters.ndjson",
)
def enqueue(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="The kind, such as document.convert.")],
    arguments: Annotated[str, typer.Argument(metavar="[JSON|@FILE|-]", help="Arguments; - reads NDJSON.")] = "{}",
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the job until it is settled.")] = False,
    timeout: Annotated[str | None, typer.Option(help="With --wait: stop waiting after 90, 30s, 5m.")] = None,
    delay: Annotated[str | None, typer.Option(help="Run it no sooner than after 30s, 5m, 2h.")] = None,
    key: Annotated[str | None, typer.Option(help="Make no second live job of the kind with this key.")] = None,
    priority: Annotated[int, typer.Option(help="Higher goes first.")] = 0,
    queue: Annotated[str | None, typer.Option(help="Queue, instead of the kind's own.")] = None,
    tenant: Annotated[str, typer.Option(help="Tenant on whose behalf it runs.")] = "",
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Pass over bad lines of NDJSON.")] = False,
) -> None:
    """Send a job and write its id; with --wait write its result, and exit 1 if it failed.

    With - each line of standard input becomes a job; nothing is sent unless all lines are valid.
    """
    from millhand.cli import sending
    from millhand.core.maker import SendOptions

    session = session_of(ctx)
    options = SendOptions(queue=queue, tenant=tenant, delay=as_seconds(delay) or 0.0, priority=priority, key=key)
    if arguments == "-":
        _refuse_for_many(wait=wait, key=key)
        session.run(sending.send_lines(session, kind, options, skip_invalid=skip_invalid))
    elif not wait:
        session.run(sending.send_one(session, kind, arguments, options))
    elif not session.run(sending.send_and_wait(session, kind, arguments, options, as_seconds(timeout))):
        raise typer.Exit(ExitCode.NO)


def _refuse_for_many(*, wait: bool, key: str | None) -> None:
    if wait:
        raise UsageError("--wait follows one job, and - sends many", hint="Use `millhand jobs wait` with the ids.")
    if key is not None:
        raise UsageError("--key would make all these jobs one", hint="Leave it out.")
