"""Sending jobs from the command line: one, one and following it, or thousands from standard input."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress

from millhand.cli import payload
from millhand.cli.follow import events
from millhand.cli.live import Bar, count_bar, job_bar, words_of
from millhand.cli.results import report_job, settled
from millhand.cli.session import Connected, Session
from millhand.core.errors import MillhandError
from millhand.core.job import Args, NewJob, Sent
from millhand.core.maker import JobMaker, SendOptions
from millhand.core.words import count_of
from millhand.ledger.views import EventView
from millhand.telemetry.tracing import send_span

_BATCH = 1_000


async def send_one(session: Session, kind: str, text: str, options: SendOptions) -> None:
    """Send a job and write its id."""
    async with session.connected_or_new() as connected:
        args = payload.one(kind, connected.app.registry.get(kind).args, text)
        [(job, sent)] = await send(connected, kind, [args], options)
    _tell(session, [(job, sent)])


async def send_and_wait(session: Session, kind: str, text: str, options: SendOptions, seconds: float | None) -> bool:
    """Send a job, follow it, and write its result; whether it completed. Raises `WaitTimeout`."""
    async with session.connected_or_new() as connected:
        args = payload.one(kind, connected.app.registry.get(kind).args, text)
        [(_, sent)] = await send(connected, kind, [args], options)
        session.output.say(f"{'There is a live job with this key: ' if sent.duplicate else ''}{sent.id} {kind}")
        try:
            with job_bar(session.output, kind) as bar:
                following = asyncio.create_task(_show(connected, sent.id, bar))
                job = await connected.app.job(sent.id)
                try:
                    job = await settled(connected, job, seconds)
                    await following
                finally:
                    following.cancel()
                    with suppress(asyncio.CancelledError):
                        await following
        except asyncio.CancelledError:
            session.output.say(f"The job goes on: millhand jobs wait {sent.id}")
            raise
    return report_job(session.output, job)


async def send_lines(session: Session, kind: str, options: SendOptions, *, skip_invalid: bool) -> None:
    """Send a job for each line of standard input, a thousand to a transaction; writes their ids."""
    async with session.connected_or_new() as connected:
        found = list(payload.many(connected.app.registry.get(kind).args, sys.stdin))
        good = [item for item in found if isinstance(item, Args)]
        bad = [item for item in found if isinstance(item, payload.BadLine)]
        if bad and not skip_invalid:
            raise payload.refused(kind, bad, len(found))
        for line in bad:
            session.output.complain(f"line {line.number} skipped: {line.problem}")
        with count_bar(session.output, f"enqueue {kind}", len(good)) as bar:
            for start in range(0, len(good), _BATCH):
                try:
                    _tell(session, await send(connected, kind, good[start : start + _BATCH], options))
                except (MillhandError, asyncio.CancelledError):
                    session.output.complain(f"{start:,} of {count_of(len(good), 'job')} were enqueued before that.")
                    raise
                bar.progress(min(1.0, (start + _BATCH) / len(good)))
    session.output.say(f"{count_of(len(good), 'job')} enqueued.")


async def send(
    connected: Connected, kind: str, many: Sequence[Args], options: SendOptions
) -> list[tuple[NewJob, Sent]]:
    """Send jobs of a kind in one transaction."""
    maker = JobMaker(connected.app.registry, connected.app.clock)
    queue = options.queue or type(many[0]).queue
    with send_span(queue=queue, kind=kind, count=len(many)) as headers:
        jobs = maker.make_all(many, options._replace(headers=headers))
        return list(zip(jobs, await connected.broker.send(jobs), strict=True))


async def _show(connected: Connected, job_id: str, bar: Bar) -> None:
    async for event in events(connected, job_id, live=True):
        show_event(event, bar)


def show_event(event: EventView, bar: Bar) -> None:
    """Show on a bar what a job reported."""
    if event.name == "progress":
        bar.progress(float(event.fields.get("fraction", 0.0)), event.text)
    else:
        bar.line(words_of(event), event.level or "info")


def _tell(session: Session, many: Sequence[tuple[NewJob, Sent]]) -> None:
    if session.output.json:
        for job, sent in many:
            facts = {"id": sent.id, "kind": job.kind, "queue": job.queue, "duplicate": sent.duplicate}
            session.output.record(facts)
        return
    if any(sent.duplicate for _, sent in many):
        session.output.say("There is a live job with this key already:")
    session.output.data("\n".join(sent.id for _, sent in many))
