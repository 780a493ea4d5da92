"""`millhand exec`: run a handler here and now, without queue and ledger; for finding mistakes in it."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.session import Session, session_of

if TYPE_CHECKING:
    from millhand.cli.live import Bar
    from millhand.core.events import LogLine, Progress
    from millhand.core.outcome import Completed, Outcome


@example('millhand exec mail.send --app shop.jobs:app \'{"to": "ann@example.org"}\' -v')
def exec_kind(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="The kind, such as document.convert.")],
    arguments: Annotated[str, typer.Argument(metavar="[JSON|@FILE]", help="The arguments.")] = "{}",
) -> None:
    """Run a handler in this process, show its progress and log, and write its result.

    Nothing is stored and nothing is tried again; follow-up jobs are named, not sent. The soft time limit holds,
    hard limits do not. Exits 1 if the job would fail; -v shows the traceback.
    """
    session = session_of(ctx)
    outcome = session.run(_run(session, kind, arguments))
    if not _report(session, outcome):
        raise typer.Exit(ExitCode.NO)


async def _run(session: Session, kind: str, text: str) -> "Outcome":
    from millhand.app.here import here
    from millhand.cli.errand_here import abort, stop
    from millhand.cli.live import job_bar
    from millhand.cli.payload import one
    from millhand.worker.signals import on_signals

    app = session.app()
    args = one(kind, app.registry.get(kind).args, text)
    async with here(app) as place:
        with job_bar(session.output, kind) as bar, on_signals(lambda: stop(session.output, place), abort):
            return await place.run(place.job(args), lambda event: _show(event, bar))


def _show(event: "Progress | LogLine", bar: "Bar") -> None:
    from millhand.core.events import Progress

    if isinstance(event, Progress):
        bar.progress(event.fraction, event.text)
    else:
        fields = "".join(f" {name}={value}" for name, value in event.fields.items())
        bar.line(f"{event.text}{fields}", event.level)


def _report(session: Session, outcome: "Outcome") -> bool:
    from millhand.core.outcome import Completed, Discarded, Retry

    output = session.output
    match outcome:
        case Completed():
            _report_completed(session, outcome)
            return True
        case Retry(failure=failure) | Discarded(failure=failure):
            then = "discarded" if isinstance(outcome, Discarded) else "tried again"
            if output.json:
                output.record({"outcome": then, "error": failure})
                return False
            output.complain(f"{output.coloured('error:', 'red')} {failure.message} ({failure.code})")
            if failure.hint:
                output.complain(f"{output.coloured('hint:', 'cyan')} {failure.hint}")
            if output.verbose:
                output.complain(failure.traceback.rstrip())
            output.say(f"A worker's job would be {then} now.")
        case _:
            output.complain(f"It ended as {type(outcome).__name__.lower()}: {getattr(outcome, 'reason', '')}")
    return False


def _report_completed(session: Session, outcome: "Completed") -> None:
    output = session.output
    result = None if outcome.result is None else json.loads(outcome.result)
    if output.json:
        follow_ups = [{"kind": job.kind, "args": json.loads(job.args)} for job in outcome.follow_ups]
        output.record(
            {"outcome": "completed", "result": result, "artefacts": outcome.artefacts, "follow_ups": follow_ups}
        )
        return
    for artefact in outcome.artefacts:
        output.say(f"Artefact {artefact.name}: {artefact.url} ({artefact.size:,} bytes)")
    for job in outcome.follow_ups:
        output.say(f"Follow-up job, not sent: {job.kind} {job.args}")
    if result is not None:
        output.data(json.dumps(result, ensure_ascii=False, indent=2 if output.on_terminal else None))
