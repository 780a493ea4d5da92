"""`millhand serve`: the HTTP API without a worker."""

from typing import Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.session import session_of


@example("millhand serve", "MILLHAND_HTTP__KEY=… millhand serve --host 0.0.0.0 --http 8450")
def serve(
    ctx: typer.Context,
    *,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; another than this machine needs a key.")
    ] = None,
    http: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on.")] = None,
    path_prefix: Annotated[
        str | None, typer.Option(help="Path under which a proxy offers it, such as /millhand.")
    ] = None,
) -> None:
    """Serve the HTTP API, and do no jobs, until Ctrl-C.

    Workers elsewhere that share the database (and the place for uploads) do the jobs.
    """
    from millhand.cli import serving
    from millhand.config import Flag

    session = session_of(ctx)
    flags = [
        Flag("http.host", "--host", host),
        Flag("http.port", "--http", http),
        Flag("proxy.path_prefix", "--path-prefix", path_prefix),
    ]
    raise typer.Exit(session.run(serving.serve_only(session, flags)))
