"""`millhand kinds`: the kinds of jobs that the app can do."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import Seconds, Size
from millhand.cli.examples import example
from millhand.cli.output import Column
from millhand.cli.session import session_of

if TYPE_CHECKING:
    from millhand.core.registry import Kind

kinds = typer.Typer(no_args_is_help=True, help="Show the kinds of jobs that this app can do.")


@kinds.command("list")
@example("millhand kinds list --app shop.jobs:app")
def list_kinds(ctx: typer.Context) -> None:
    """List the kinds with what they do."""
    session = session_of(ctx)
    registry = session.app().registry
    columns: list[Column[dict[str, object]]] = [
        Column("kind", lambda kind: kind["kind"]),
        Column("queue", lambda kind: kind["queue"]),
        Column("does", lambda kind: kind["does"], cut=True),
    ]
    rows = [_row(kind) for kind in sorted(registry, key=lambda kind: kind.name)]
    session.output.rows(columns, rows, nothing="This app has no kinds.")


@kinds.command()
@example("millhand kinds show document.convert --json | jq .schema_of_args.properties")
def show(ctx: typer.Context, kind: Annotated[str, typer.Argument(help="The kind, such as document.convert.")]) -> None:
    """Show a kind: its rules, and the JSON schema of its arguments."""
    import json

    session = session_of(ctx)
    found = session.app().registry.get(kind)
    schema = found.args.model_json_schema()
    limits, retry = found.limits, found.retry
    pairs: list[tuple[str, object]] = [
        *_row(found).items(),
        ("soft limit", Seconds(limits.soft)),
        ("hard limit", Seconds(limits.hard)),
        ("memory limit", Size(limits.memory) if limits.memory else None),
        ("attempts", retry.max_attempts),
        ("crashes", retry.max_crashes),
    ]
    session.output.details(pairs, {**_row(found), "limits": limits, "retry": retry, "schema_of_args": schema})
    if session.output.json:
        return
    if session.output.on_terminal:
        session.output.data(json.dumps(schema, indent=2, ensure_ascii=False))
    else:
        session.output.data(f"schema\t{json.dumps(schema, ensure_ascii=False)}")


def _row(kind: "Kind") -> dict[str, object]:
    return {"kind": kind.name, "queue": kind.args.queue, "does": kind.summary}
