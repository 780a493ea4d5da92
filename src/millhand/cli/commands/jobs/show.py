"""`millhand jobs show`: everything about one job."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import Instant, Seconds, Size, for_people
from millhand.cli.examples import example
from millhand.cli.output import Output
from millhand.cli.session import Connected, session_of

if TYPE_CHECKING:
    from millhand.ledger.views import JobDetail


@example("millhand jobs show 0199d1f2-3c4b --json | jq .attempts")
def show(ctx: typer.Context, job: Annotated[str, typer.Argument(help="The job's id, or its beginning.")]) -> None:
    """Show a job: state, arguments, attempts, artefacts, timeline, and why it waits."""
    session = session_of(ctx)
    found = session.ask(lambda here: _read(here, job))
    output = session.output
    output.details(_pairs(found), found)
    if output.json:
        return
    for title, lines in _sections(found, output):
        if lines:
            output.data("\n".join([f"\n{title}:", *(f"  {line}" for line in lines)]))


async def _read(connected: Connected, text: str) -> "JobDetail":
    return await connected.inspector.job(await connected.resolve(text))


def _pairs(found: "JobDetail") -> list[tuple[str, object]]:
    row = found.row
    pairs: list[tuple[str, object]] = [
        ("id", row.id),
        ("kind", row.kind),
        ("state", row.state),
        ("queue", row.queue),
        ("tenant", row.tenant),
        ("priority", row.priority),
        ("key", row.key),
        ("parent", row.parent_id),
        ("attempts", f"{row.failures} of {row.max_attempts} failed, {row.crashes} of {row.max_crashes} crashed"),
        ("enqueued", Instant(row.enqueued_at)),
        ("runs at", Instant(row.run_at) if row.started_at is None else None),
        ("started", Instant(row.started_at)),
        ("finished", Instant(row.finished_at)),
        ("progress", f"{row.progress:.0%} {row.progress_text}" if row.progress is not None else None),
        ("worker", row.worker),
        ("arguments", json.dumps(found.args, ensure_ascii=False)),
        ("result", None if found.result is None else json.dumps(found.result, ensure_ascii=False)),
        ("error", f"{found.failure.message} ({found.failure.code})" if found.failure else None),
        ("hint", found.failure.hint if found.failure else None),
    ]
    return [(name, value) for name, value in pairs if value not in (None, "", Instant(None))]


def _sections(found: "JobDetail", output: Output) -> list[tuple[str, list[str]]]:
    now = output.clock.now()
    attempts = [
        f"{one.number}  {one.state} ({one.cause}), waited {for_people(Seconds(one.waited), now)}, "
        f"ran {for_people(Seconds(one.ran), now)} in {one.executor or one.worker}"
        + (f": {one.failure.message}" if one.failure else "")
        for one in found.attempts
    ]
    artefacts = [
        f"{one.name}  {for_people(Size(one.size), now)}  {one.media_type}  {one.url}" for one in found.artefacts
    ]
    children = [f"{one.id}  {one.kind}  {one.state}" for one in found.children]
    steps = [
        f"{for_people(Instant(step.at), now):>12}  {step.text}"
        + (f" ({for_people(Seconds(step.lasted), now)})" if step.lasted is not None else "")
        for step in found.timeline
    ]
    waiting = [reason.text for reason in found.waiting]
    traceback = found.failure.traceback.splitlines() if found.failure and output.verbose else []
    return [
        ("Waiting", waiting),
        ("Attempts", attempts),
        ("Artefacts", artefacts),
        ("Follow-up jobs", children),
        ("Timeline", steps),
        ("Traceback", traceback),
    ]
