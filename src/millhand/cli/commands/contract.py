"""`millhand contract`: hold the server at a URL to what every broker must do."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.output import Column, Output
from millhand.cli.session import Session, session_of
from millhand.core.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from millhand.testing.contract.trial import Clause, Result, Store

_COLOURS = {"passed": "green", "failed": "red"}


@example("millhand contract postgresql://localhost/jobs", "millhand contract sqlite:///data/x.db --clause B11 --json")
def contract(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="What to try: postgresql://…, sqlite:///…, s3://bucket/folder or az://….")],
    clause: Annotated[list[str] | None, typer.Option(help="Only clauses with this id; can be repeated.")] = None,
) -> None:
    """Run the contract of a broker against a database or bucket, and show which clauses it keeps; exits 1 if one fails.

    Jobs that are there are left alone: each clause works in a schema, a file or a folder of its own, which is removed
    at its end. It takes a minute or two, needs the right to make these, and the packages of the extra `contract`.
    """
    session = session_of(ctx)
    results = _tried(session, url, clause or [])
    session.output.rows(_columns(session.output), results, nothing="There is no such clause.")
    failed = sum(result.verdict == "failed" for result in results)
    session.output.say(_summary(results, failed))
    if failed:
        raise typer.Exit(ExitCode.NO)


def _tried(session: Session, url: str, wanted: list[str]) -> "list[Result]":
    try:
        from millhand.app.content import store_access
        from millhand.testing.contract import trial
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the contract suite needs {error.name}, which is not installed",
            hint="Install millhand with its extra: pip install 'millhand[contract]'.",
        ) from error
    return _run(session, trial.store_at(url, store_access(session.settings())), _chosen(trial.clauses(), wanted))


def _chosen(known: "list[Clause]", wanted: list[str]) -> "list[Clause]":
    ids = {each.upper() for each in wanted}
    if unknown := ids - {clause.id for clause in known}:
        raise UsageError(f"there is no clause {', '.join(sorted(unknown))}", hint="They are B01 to B99.")
    return [clause for clause in known if not ids or clause.id in ids]


def _run(session: Session, store: "Store", chosen: "list[Clause]") -> "list[Result]":
    from millhand.cli.live import count_bar
    from millhand.testing.contract.trial import tried

    results: list[Result] = []
    with count_bar(session.output, "contract", len(chosen)) as bar:
        for done, clause in enumerate(chosen):
            bar.progress(done / len(chosen), f"{clause.id} {clause.says}"[:60])
            results.append(tried(clause, store, session.clock))
        bar.progress(1.0)
    return results


def _columns(output: Output) -> "list[Column[Result]]":
    def verdict(result: "Result") -> str:
        colour = _COLOURS.get(result.verdict)
        return output.coloured(result.verdict, colour, output.stdout) if colour else result.verdict.value

    return [
        Column("clause", lambda result: result.clause),
        Column("verdict", verdict),
        Column("says", lambda result: result.says, cut=True),
        Column("why", lambda result: result.why, cut=True),
        Column("seconds", lambda result: result.seconds, right=True, yields=1),
    ]


def _summary(results: "list[Result]", failed: int) -> str:
    kept = sum(result.verdict == "passed" for result in results)
    other = len(results) - kept - failed
    return f"{kept} kept, {failed} failed, {other} not applicable."
