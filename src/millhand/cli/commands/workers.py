"""`millhand workers`: who does the jobs, and having a worker rest, go on or end."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import Instant
from millhand.cli.examples import example
from millhand.cli.output import Column
from millhand.cli.session import session_of

if TYPE_CHECKING:
    from millhand.ledger.views import WorkerView

workers = typer.Typer(no_args_is_help=True, help="List, quiet, resume and stop workers.")
Name = Annotated[str, typer.Argument(metavar="WORKER", help="The worker, as the list names it.")]


@workers.command("list")
@example("millhand workers list")
def list_workers(ctx: typer.Context) -> None:
    """List the workers, the longest-running first: how each is, what it shall do, and what it runs."""
    session = session_of(ctx)
    session.output.rows(_columns(), session.ask(lambda here: here.inspector.workers()), nothing="No worker is known.")


@workers.command()
@example("millhand workers quiet build-7-4021-9f31c2aa")
def quiet(ctx: typer.Context, worker: Name) -> None:
    """Have a worker take no jobs for now; what it holds goes on."""
    session = session_of(ctx)
    session.ask(lambda here: here.control.quiet_worker(worker))
    session.output.say(f"Worker {worker} rests within a second; `millhand workers resume {worker}` goes on.")


@workers.command()
@example("millhand workers resume build-7-4021-9f31c2aa")
def resume(ctx: typer.Context, worker: Name) -> None:
    """Have a worker take jobs again."""
    session = session_of(ctx)
    session.ask(lambda here: here.control.resume_worker(worker))
    session.output.say(f"Worker {worker} takes jobs again within a second.")


@workers.command()
@example("millhand workers stop build-7-4021-9f31c2aa")
def stop(ctx: typer.Context, worker: Name) -> None:
    """Have a worker end as after SIGTERM: running jobs may end within its grace time. It can't be taken back.

    What keeps the worker alive, such as systemd, may start another one in its place.
    """
    session = session_of(ctx)
    session.ask(lambda here: here.control.stop_worker(worker))
    session.output.say(f"Worker {worker} drains within a second, and ends.")


def _columns() -> "list[Column[WorkerView]]":
    return [
        Column("worker", lambda worker: worker.id),
        Column("state", lambda worker: "silent" if worker.silent else worker.state),
        Column("wish", lambda worker: worker.wish.value, yields=2),
        Column("running", lambda worker: worker.running, right=True),
        Column("slots", lambda worker: worker.slots, right=True),
        Column("queues", lambda worker: ", ".join(worker.queues) or "all", yields=3),
        Column("version", lambda worker: worker.version, yields=4),
        Column("up since", lambda worker: Instant(worker.started_at), yields=1),
        Column("last heard", lambda worker: Instant(worker.seen_at)),
    ]
