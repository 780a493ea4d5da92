"""`millhand queues`: how queues stand, and pausing, resuming, limiting and purging them."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.cells import Instant
from millhand.cli.examples import example
from millhand.cli.output import Column
from millhand.cli.session import Connected, Session, session_of
from millhand.core.errors import NotFound
from millhand.core.fairness import Caps
from millhand.core.words import count_of

if TYPE_CHECKING:
    from millhand.core.ports import QueueStats
    from millhand.ledger.views import QueueView

queues = typer.Typer(no_args_is_help=True, help="List, pause, resume, limit and purge queues.")
Name = Annotated[str, typer.Argument(metavar="QUEUE", help="The queue.")]


@queues.command("list")
@example("millhand queues list")
def list_queues(ctx: typer.Context) -> None:
    """List the queues: how many jobs wait and run, since when, and who serves them.

    Millhand's own queue, on which the doctor tries whether jobs come through, shows with -v.
    """
    from millhand.doctor.queue import QUEUE

    session = session_of(ctx)
    found = [one for one in session.ask(_read) if session.output.verbose or one.stats.queue != QUEUE]
    session.output.rows(_columns(), found, nothing="There is no queue yet.")


@queues.command()
@example("millhand queues pause mail")
def pause(ctx: typer.Context, queue: Name) -> None:
    """Stop delivering from a queue, in every worker; running jobs go on."""
    session = session_of(ctx)
    _tell_of_new(session, queue)
    session.ask(lambda here: here.control.pause(queue))
    session.output.say(f"Queue {queue} is paused; `millhand queues resume {queue}` goes on.")


@queues.command()
@example("millhand queues resume mail")
def resume(ctx: typer.Context, queue: Name) -> None:
    """Deliver from a queue again."""
    session = session_of(ctx)
    session.ask(lambda here: _resume(here, queue))
    session.output.say(f"Queue {queue} delivers again.")


@queues.command()
@example("millhand queues limit mail --running 10 --per-tenant 2")
def limit(
    ctx: typer.Context,
    queue: Name,
    running: Annotated[int | None, typer.Option(metavar="N", help="Jobs of the queue at a time.")] = None,
    per_tenant: Annotated[int | None, typer.Option(metavar="N", help="Jobs of one tenant at a time.")] = None,
    per_limit_key: Annotated[int | None, typer.Option(metavar="N", help="Jobs of one limit key at a time.")] = None,
) -> None:
    """Limit how many jobs of a queue run at a time, over all workers; what is not given is not limited."""
    session = session_of(ctx)
    caps = Caps(queue=running, tenant=per_tenant, limit_key=per_limit_key)
    _tell_of_new(session, queue)
    session.ask(lambda here: here.control.set_caps(queue, caps))
    limits = ", ".join(f"{name} {number}" for name, number in _named(caps).items() if number is not None)
    session.output.say(f"Queue {queue} is limited: {limits}." if limits else f"Queue {queue} has no limits.")


@queues.command()
@example("millhand queues purge mail --yes")
def purge(
    ctx: typer.Context,
    queue: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Cancel every waiting job of a queue; running jobs go on.

    On a terminal you type the queue's name to confirm; elsewhere give --yes.
    """
    session = session_of(ctx)
    cancelled = session.ask(lambda here: _purge(session, here, queue, yes=yes))
    if session.output.json:
        session.output.record({"queue": queue, "cancelled": cancelled})
    else:
        session.output.say(f"{count_of(cancelled, 'job')} cancelled.")


async def _read(connected: Connected) -> "tuple[QueueView, ...]":
    return await connected.inspector.queues(await connected.broker.stats())


async def _resume(connected: Connected, queue: str) -> None:
    await _known(connected, queue)
    await connected.control.resume(queue)


def _named(caps: Caps) -> dict[str, int | None]:
    return {"running": caps.queue, "per tenant": caps.tenant, "per limit key": caps.limit_key}


def _tell_of_new(session: Session, queue: str) -> None:
    """Say so where there is no such queue yet: it may well be prepared for its first job, but also be mistyped."""
    known = {one.queue for one in session.ask(lambda here: here.broker.stats())}
    if queue not in known:
        session.output.complain(f"There is no queue {queue} yet; there are: {', '.join(sorted(known)) or 'none'}.")


async def _purge(session: Session, connected: Connected, queue: str, *, yes: bool) -> int:
    found = await _known(connected, queue)
    waiting = found.available + found.scheduled + found.retryable
    session.confirm_by_name(queue, f"Cancel about {count_of(waiting, 'waiting job')} of queue {queue}", yes=yes)
    return await connected.control.purge(queue)


async def _known(connected: Connected, queue: str) -> "QueueStats":
    """How a queue stands; raises `NotFound`: a name that was mistyped is not to be taken for another queue."""
    stats = {one.queue: one for one in await connected.broker.stats()}
    if queue not in stats:
        raise NotFound(f"there is no queue '{queue}'", hint=f"Queues: {', '.join(sorted(stats)) or 'none'}.")
    return stats[queue]


def _columns() -> "list[Column[QueueView]]":
    return [
        Column("queue", lambda queue: queue.stats.queue),
        Column("state", lambda queue: "paused" if queue.stats.paused else "open"),
        Column("available", lambda queue: queue.stats.available, right=True),
        Column("running", lambda queue: queue.stats.running, right=True),
        Column("scheduled", lambda queue: queue.stats.scheduled, right=True),
        Column("retryable", lambda queue: queue.stats.retryable, right=True, yields=2),
        Column("discarded", lambda queue: queue.discarded, right=True),
        Column("waiting since", lambda queue: Instant(queue.stats.oldest), yields=1),
        Column("limit", lambda queue: queue.caps.queue, right=True, yields=3),
        Column("per tenant", lambda queue: queue.caps.tenant, right=True, yields=5),
        Column("per key", lambda queue: queue.caps.limit_key, right=True, yields=6),
        Column("workers", lambda queue: queue.workers, right=True),
        Column("slots", lambda queue: queue.slots, right=True, yields=4),
    ]
