"""`millhand schema`: the database's tables, brought to this version."""

import typer

from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.session import Session, session_of

schema = typer.Typer(no_args_is_help=True, help="Show and migrate the schema of the database.")


@schema.command()
@example("millhand schema status || millhand schema up")
def status(ctx: typer.Context) -> None:
    """Show which schema the database has and which this version needs; exits 1 if they differ. Changes nothing."""
    from millhand.database import schema_status

    session = session_of(ctx)
    found = schema_status(_url(session))
    session.output.details([("present", found.present or "none"), ("needed", found.needed)], found)
    if not found.current:
        session.output.say("The database does not have the schema that this version needs: run `millhand schema up`.")
        raise typer.Exit(ExitCode.NO)


@schema.command()
@example("millhand schema up --database sqlite:///data/millhand.db")
def up(ctx: typer.Context) -> None:
    """Bring the database to the schema that this version needs; running it again changes nothing."""
    from millhand.database import schema_status, schema_up

    session = session_of(ctx)
    url = _url(session)
    before = schema_status(url)
    after = schema_up(url)
    changed = before.present != after.present
    session.output.say(f"Migrated from {before.present or 'nothing'} to {after.present}." if changed else "Up to date.")
    session.output.details([("present", after.present), ("needed", after.needed)], after)


def _url(session: Session) -> str:
    return session.settings().database
