"""`millhand jobs logs`: what a job has logged, and what it still logs."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import iso
from millhand.cli.examples import example
from millhand.cli.live import words_of
from millhand.cli.output import Output
from millhand.cli.session import Session, session_of

if TYPE_CHECKING:
    from millhand.ledger.views import EventView

_COLOURS = {"warning": "yellow", "error": "red", "debug": "bright_black"}


@example(
    "millhand jobs logs 0199d1f2-3c4b -f",
    "millhand jobs logs 0199d1f2-3c4b --json | jq 'select(.level == \"error\")'",
)
def logs(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(help="The job's id, or its beginning.")],
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the job is settled.")] = False,
    progress: Annotated[bool, typer.Option("--progress", help="Show progress reports as well.")] = False,
) -> None:
    """Show what a job logged, all attempts in order."""
    session = session_of(ctx)
    session.run(_show(session, job, follow=follow, progress=progress))


async def _show(session: Session, text: str, *, follow: bool, progress: bool) -> None:
    from millhand.cli.follow import events

    async with session.connected() as connected:
        job_id = await connected.resolve(text)
        async for event in events(connected, job_id, live=follow):
            if event.name != "progress" or progress:
                write_event(session.output, event)


def write_event(output: Output, event: "EventView") -> None:
    """Write one event as a line."""
    if output.json:
        output.record(event)
        return
    at = iso(event.at) or ""
    if not output.on_terminal:
        output.data("\t".join((at, str(event.attempt), event.level or event.name, words_of(event))))
        return
    line = f"{at[11:23]} {event.level or event.name:<8} {words_of(event)}"
    colour = _COLOURS.get(event.level or "")
    output.data(output.coloured(line, colour, output.stdout) if colour else line)
