"""What `millhand top` shows: the figures as lines of text, as JSON, or as a screen that changes."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from millhand.cli.cells import Instant, Share, duration, for_people
from millhand.cli.output import Output
from millhand.cli.tables import aligned
from millhand.core.clock import MICROSECONDS
from millhand.core.words import count_of
from millhand.ledger.views import JobRow, Overview, QueueView, WorkerView

_QUEUES_SHOWN = 12
_WORKERS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """How everything stood at one instant."""

    at: int
    overview: Overview
    queues: tuple[QueueView, ...]
    workers: tuple[WorkerView, ...]


def write(output: Output, figures: Figures) -> None:
    """Write the figures once."""
    if output.json:
        output.record(figures)
    else:
        output.data("\n".join(lines(figures)))


@contextmanager
def screen(output: Output) -> Generator[Callable[[Figures], None]]:
    """A screen of its own that shows the figures it is given."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(file=output.stdout), screen=True, auto_refresh=False) as live:

        def draw(figures: Figures) -> None:
            height, width = live.console.height, live.console.width
            shown = [line[:width] for line in lines(figures)][:height]
            live.update(Text("\n".join(shown), no_wrap=True), refresh=True)

        yield draw


def lines(figures: Figures) -> list[str]:
    """The figures as lines of text."""
    overview, now = figures.overview, figures.at
    states = "   ".join(f"{state} {count}" for state, count in overview.states.items())
    workers, slots = count_of(overview.workers, "worker"), count_of(overview.slots, "slot")
    minute = "   ".join(f"{state} {count}" for state, count in overview.last_minute.items())
    return [
        f"millhand      {workers}, {slots}{_waiting(overview, now)}",
        f"jobs          {states}",
        f"last minute   {minute}",
        "",
        *aligned(["queue", "state", "available", "running", "scheduled", "retryable", "workers"], _queue_rows(figures)),
        "",
        *aligned(["worker", "state", "running", "slots", "version", "seen"], _worker_rows(figures)),
        "",
        *aligned(["running job", "kind", "queue", "done", "since", "text"], _running_rows(overview.running, now)),
    ]


def _waiting(overview: Overview, now: int) -> str:
    """How long the job waits that has waited longest."""
    if not overview.oldest_ready:
        return ""
    return f"   the oldest job waits {duration((now - overview.oldest_ready) / MICROSECONDS)}"


def _queue_rows(figures: Figures) -> list[list[str]]:
    return [
        [
            queue.stats.queue,
            "paused" if queue.stats.paused else "open",
            f"{queue.stats.available:,}",
            f"{queue.stats.running:,}",
            f"{queue.stats.scheduled:,}",
            f"{queue.stats.retryable:,}",
            str(queue.workers),
        ]
        for queue in figures.queues[:_QUEUES_SHOWN]
    ]


def _worker_rows(figures: Figures) -> list[list[str]]:
    return [
        [
            worker.id,
            "silent" if worker.silent else worker.state,
            str(worker.running),
            str(worker.slots),
            worker.version,
            for_people(Instant(worker.seen_at), figures.at),
        ]
        for worker in figures.workers[:_WORKERS_SHOWN]
    ]


def _running_rows(running: tuple[JobRow, ...], now: int) -> list[list[str]]:
    return [
        [
            job.id,
            job.kind,
            job.queue,
            for_people(Share(job.progress), now),
            for_people(Instant(job.started_at or job.claimed_at), now),
            job.progress_text,
        ]
        for job in running
    ]
