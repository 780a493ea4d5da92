"""`millhand services`: the ready services, and what each is told."""

from typing import Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.output import Column
from millhand.cli.session import session_of

services = typer.Typer(no_args_is_help=True, help="Show the ready services (run one with `worker NAME`).")


@services.command("list")
@example("millhand services list")
def list_services(ctx: typer.Context) -> None:
    """List the services with what they do."""
    from millhand.services.catalogue import SERVICES, find

    columns: list[Column[dict[str, str]]] = [
        Column("service", lambda row: row["service"]),
        Column("does", lambda row: row["does"], cut=True),
    ]
    rows = [{"service": name, "does": find(name).summary} for name in SERVICES]
    session_of(ctx).output.rows(columns, rows, nothing="There are no services.")


@services.command()
@example("millhand services show page-export", "millhand services show page-export --env-file .env")
def show(ctx: typer.Context, service: Annotated[str, typer.Argument(help="The service, such as page-export.")]) -> None:
    """Show the variables of a service with their present values; secrets are masked."""
    from millhand.services.catalogue import find

    found = find(service)
    values = {row.name: row for row in found.settings.read().rows()}
    columns: list[Column[dict[str, str]]] = [
        Column("variable", lambda row: row["variable"]),
        Column("value", lambda row: row["value"]),
        Column("origin", lambda row: row["origin"]),
        Column("means", lambda row: row["means"], cut=True),
    ]
    rows = [
        {
            "variable": fact.env,
            "value": values[fact.env].value,
            "origin": values[fact.env].origin,
            "means": fact.help,
        }
        for fact in found.settings.describe()
    ]
    session_of(ctx).output.rows(columns, rows, nothing="It has no variables.")
