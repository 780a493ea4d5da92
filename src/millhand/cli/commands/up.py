"""`millhand up`: everything in one command on the embedded queue; with `--demo` it shows itself at work."""

from typing import Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.session import session_of


@example("millhand up --demo", "millhand up --service page-export", "millhand up --database sqlite:///var/jobs.db")
def up(
    ctx: typer.Context,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Convert the sample documents, with live progress.")] = False,
    service: Annotated[str | None, typer.Option(help="Run this ready service, and nothing else.")] = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop when all jobs are settled.")] = False,
    executors: Annotated[int | None, typer.Option(min=1, help="Processes that run handlers; else one a core.")] = None,
    http: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port for the API, health and metrics.")] = None,
    path_prefix: Annotated[
        str | None, typer.Option(help="Path under which a proxy offers it, such as /millhand.")
    ] = None,
) -> None:
    """Run a worker and the HTTP API on the embedded queue, until Ctrl-C.

    With --demo it converts sample documents into data/demo and writes a table of the results. With --until-idle
    it exits 0 when all jobs are settled, 1 if one was discarded.
    """
    from millhand.cli import demo as demonstration
    from millhand.cli import idle, serving
    from millhand.config import Flag

    session = session_of(ctx)
    flags = [
        Flag("app", "--service", session.service_named(service)),
        Flag("worker.executors", "--executors", executors),
        Flag("http.port", "--http", http),
        Flag("proxy.path_prefix", "--path-prefix", path_prefix),
    ]
    if demo:
        activity = demonstration.activity(session, until_idle=until_idle)
    else:
        activity = idle.until_idle if until_idle else None
    level = "warning" if demo else "info"
    raise typer.Exit(session.run(serving.serve(session, flags, activity, level=level, web=serving.everything)))
