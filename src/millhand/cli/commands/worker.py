"""`millhand worker`: a worker in the foreground."""

from typing import Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.session import session_of


@example(
    "millhand worker --app shop.jobs:app --queues mail,documents --executors 4",
    "millhand worker page-export --env-file .env",
)
def worker(
    ctx: typer.Context,
    service: Annotated[str | None, typer.Argument(help="A ready service (millhand services list).")] = None,
    *,
    queues: Annotated[str | None, typer.Option(help="Take jobs from these, with commas; else from all.")] = None,
    executors: Annotated[int | None, typer.Option(min=1, help="Processes that run handlers; else one a core.")] = None,
    slots: Annotated[int | None, typer.Option(min=1, help="Jobs that one executor runs at a time.")] = None,
    grace: Annotated[str | None, typer.Option(help="How long running jobs may take to end, such as 30s.")] = None,
    http: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port for health and metrics.")] = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop when nothing is left to do.")] = False,
) -> None:
    """Run jobs until SIGTERM or Ctrl-C: the first one drains, the second one aborts.

    With the name of a service it does that service's jobs; --help behind the name tells its variables.

    Exits 0 if every job could end, 1 if jobs were interrupted (they run again elsewhere) or, with --until-idle,
    if one was discarded.
    """
    from millhand.cli import idle, serving
    from millhand.config import Flag

    session = session_of(ctx)
    flags = [
        Flag("app", "SERVICE", session.service_named(service)),
        Flag("worker.queues", "--queues", queues),
        Flag("worker.executors", "--executors", executors),
        Flag("worker.slots", "--slots", slots),
        Flag("worker.grace", "--grace", grace),
        Flag("http.port", "--http", http),
    ]
    activity = idle.until_idle if until_idle else None
    raise typer.Exit(session.run(serving.serve(session, flags, activity, level="info")))
