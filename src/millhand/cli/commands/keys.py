"""`millhand keys`: the keys of the HTTP API."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import Instant
from millhand.cli.examples import example
from millhand.cli.output import Column
from millhand.cli.session import Connected, Session, session_of
from millhand.web.access.roles import Role

if TYPE_CHECKING:
    from millhand.ledger.api_keys import ApiKey

keys = typer.Typer(no_args_is_help=True, help="Create, list and revoke the keys of the HTTP API.")
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="What the key is for; it names its owner in the audit trail.")
]


@keys.command()
@example("millhand keys create shop --role operator --tenant acme", "millhand keys create wall-display > key.txt")
def create(
    ctx: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="What it may do; each role may what the one before it may.")] = Role.VIEWER,
    tenant: Annotated[str | None, typer.Option(help="Bind it to this tenant's jobs; else it reaches all.")] = None,
) -> None:
    """Make a key, and write it: this is the only time that it can be seen."""
    session = session_of(ctx)
    key = session.run(_create(session, name, role, tenant))
    if session.output.json:
        session.output.record({"name": name, "role": role.value, "tenant": tenant, "key": key})
        return
    session.output.say("Keep it: only its hash is stored. Requests send it as `Authorization: Bearer KEY`.")
    session.output.data(key)


@keys.command("list")
@example("millhand keys list")
def list_keys(ctx: typer.Context) -> None:
    """List the keys, revoked ones too."""
    session = session_of(ctx)
    session.output.rows(_columns(), session.ask(_read), nothing="There is no key.")


@keys.command()
@example("millhand keys revoke wall-display")
def revoke(ctx: typer.Context, name: Name) -> None:
    """Let a key open nothing from now on, in every process."""
    session = session_of(ctx)
    session.ask(lambda here: here.control.revoke_key(name))
    session.output.say(f"Key {name} is revoked.")


async def _create(session: Session, name: str, role: Role, tenant: str | None) -> str:
    async with session.connected_or_new() as connected:
        return await connected.control.create_key(name, role.value, tenant)


async def _read(connected: Connected) -> "tuple[ApiKey, ...]":
    from millhand.ledger.api_keys import ApiKeys

    return await ApiKeys((await connected.app.backend()).database).all()


def _columns() -> "list[Column[ApiKey]]":
    return [
        Column("name", lambda key: key.name),
        Column("role", lambda key: key.role),
        Column("tenant", lambda key: "all" if key.tenant is None else key.tenant),
        Column("state", lambda key: "live" if key.revoked_at is None else "revoked"),
        Column("created", lambda key: Instant(key.created_at)),
        Column("by", lambda key: key.created_by),
        Column("revoked", lambda key: Instant(key.revoked_at), yields=1),
    ]
