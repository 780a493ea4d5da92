"""`millhand config`: the settings, where each came from, and whether they fit together."""

from typing import Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.output import Column
from millhand.cli.session import session_of

config = typer.Typer(no_args_is_help=True, help="Show and check the settings.")


@config.command()
@example("millhand config show --origin", "millhand config show --app page-export --env-file .env")
def show(
    ctx: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Show where each value came from.")] = False,
) -> None:
    """Show every setting and its value; secrets are masked.

    Values come from: default < file (millhand.toml) < environment (MILLHAND_…) < option. With `--app SERVICE`, what
    the service sets and its own variables are shown as well.
    """
    from millhand.config import Row

    session = session_of(ctx)
    columns: list[Column[Row]] = [
        Column("setting", lambda row: row.name),
        Column("value", lambda row: row.value, cut=True),
    ]
    if origin or session.options.json:
        columns.append(Column("origin", lambda row: row.origin))
    session.output.rows(columns, session.setting_rows(), nothing="There are no settings.")


@config.command()
@example("millhand config check --config production.toml")
def check(ctx: typer.Context) -> None:
    """Check that the settings are valid and fit together. Needs no database and no service.

    Exits 1 if a worker would not start with them, 2 if they can't be read.
    """
    from millhand.cli.findings import show_findings
    from millhand.config import check as check_settings
    from millhand.core.finding import Level

    session = session_of(ctx)
    app = session.app()
    found = [
        finding for finding in check_settings(app.settings, app.registry) if finding.level is not Level.NOT_APPLICABLE
    ]
    if show_findings(session.output, found):
        raise typer.Exit(ExitCode.NO)
