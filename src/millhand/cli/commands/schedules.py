"""`millhand schedules`: what is enqueued when."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import Instant
from millhand.cli.examples import example
from millhand.cli.output import Column
from millhand.cli.session import session_of

if TYPE_CHECKING:
    from millhand.ledger.views import ScheduleView

schedules = typer.Typer(no_args_is_help=True, help="List, run, enable, disable and remove schedules.")
Name = Annotated[str, typer.Argument(metavar="SCHEDULE", help="The schedule's name.")]


@schedules.command("list")
@example("millhand schedules list")
def list_schedules(ctx: typer.Context) -> None:
    """List the schedules with their next and last ticks."""
    session = session_of(ctx)
    session.output.rows(
        _columns(), session.ask(lambda here: here.inspector.schedules()), nothing="There is no schedule."
    )


@schedules.command()
@example("millhand jobs wait $(millhand schedules run nightly-report)")
def run(ctx: typer.Context, schedule: Name) -> None:
    """Enqueue a schedule's job now, beside its ticks; writes the job's id."""
    session = session_of(ctx)
    job_id = session.ask(lambda here: here.control.run_schedule(schedule))
    if session.output.json:
        session.output.record({"schedule": schedule, "id": job_id})
    else:
        session.output.data(job_id)


@schedules.command()
@example("millhand schedules enable nightly-report")
def enable(ctx: typer.Context, schedule: Name) -> None:
    """Let a schedule fire again, from its next tick on."""
    session = session_of(ctx)
    session.ask(lambda here: here.control.enable_schedule(schedule))
    session.output.say(f"Schedule {schedule} fires again.")


@schedules.command()
@example("millhand schedules disable nightly-report")
def disable(ctx: typer.Context, schedule: Name) -> None:
    """Keep a schedule from firing until it is enabled."""
    session = session_of(ctx)
    session.ask(lambda here: here.control.disable_schedule(schedule))
    session.output.say(f"Schedule {schedule} is off.")


@schedules.command()
@example("millhand schedules remove nightly-report")
def remove(ctx: typer.Context, schedule: Name) -> None:
    """Forget a schedule; the jobs that it enqueued stay. One that the app still declares comes back with a worker."""
    session = session_of(ctx)
    session.ask(lambda here: here.control.remove_schedule(schedule))
    session.output.say(f"Schedule {schedule} is gone.")


def _columns() -> "list[Column[ScheduleView]]":
    return [
        Column("schedule", lambda one: one.name),
        Column("fires", lambda one: one.explained),
        Column("zone", lambda one: one.zone),
        Column("kind", lambda one: one.kind),
        Column("state", lambda one: "on" if one.enabled else "off"),
        Column("next", lambda one: Instant(one.next_at if one.enabled else None)),
        Column("last", lambda one: Instant(one.last_at)),
        Column("last job", lambda one: one.last_job_id),
    ]
