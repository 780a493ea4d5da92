"""`/`: how everything stands, and what needs somebody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from millhand.core.state import State
from millhand.core.words import count_of
from millhand.ledger.views import Overview, QueueView, WorkerView, between
from millhand.web.dashboard.chart import bars, by_minute, shapes
from millhand.web.dashboard.rendering import jobs_url
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit
from millhand.web.dashboard.words import about

pages = Pages()
_LONG_WAIT = 300.0


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs somebody: what, where to see it, and whether it is grave."""

    text: str
    address: str
    link: str
    grave: bool = False


@pages.get("/")
async def overview(visit: Visit) -> Response:
    """The page; who sees one tenant's jobs only starts with those."""
    if visit.visitor.principal.tenant is not None:
        return visit.back("/jobs")
    board = await visit.visitor.inspector.board(await visit.visitor.desk.backend.broker.stats())
    queues, activity = board.queues, board.activity
    return visit.page(
        "overview.html",
        figures=board.figures,
        queues=queues,
        needs=list(needs(board.figures, queues, board.workers, visit.now)),
        failed=board.failed,
        hour=by_minute(activity),
        sparks={name: shapes(bars(activity, name)) for name in (one.stats.queue for one in queues)},
    )


def needs(figures: Overview, queues: Sequence[QueueView], workers: Sequence[WorkerView], now: int) -> Iterator[Need]:
    """What needs somebody, the gravest first; nothing when all is well."""
    for queue in queues:
        ready, name = queue.stats.available, queue.stats.queue
        shown = jobs_url(queue=name, state=State.AVAILABLE)
        waited = between(queue.stats.oldest, now) if queue.stats.oldest else 0.0
        if ready and not queue.workers:
            yield Need(f"{count_of(ready, 'job')} in queue {name}, and no worker serves it", shown, "Jobs", grave=True)
        elif queue.stats.paused and (ready or queue.stats.scheduled or queue.stats.retryable):
            yield Need(f"Queue {name} is paused, and jobs wait in it", "/queues", "Queues")
        elif ready and waited > _LONG_WAIT:
            yield Need(f"A job has waited for {about(waited)} in queue {name}", shown, "Jobs")
    silent = [worker for worker in workers if worker.silent and worker.running]
    if silent:
        yield Need(
            f"{count_of(len(silent), 'worker')} with running jobs fell silent", "/workers", "Workers", grave=True
        )
    gone, done = figures.last_minute[State.DISCARDED], figures.last_minute[State.COMPLETED]
    if gone.value > max(2, done.value):
        yield Need(
            f"{gone} jobs failed for good in the last minute, {done} completed", "/failures", "Failures", grave=True
        )
