"""`/failures`: jobs that failed alike stand together, and run again together."""

from starlette.responses import Response

from millhand.app.bulk import RetryAll
from millhand.ledger.filters import JobFilter
from millhand.ledger.inspector.endings import next_minute
from millhand.web.access.roles import Scope
from millhand.web.api.bulk import send_bulk
from millhand.web.dashboard.chart import by_hour
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit

_SHOWN = 30
"""Groups on the page: those that failed last."""

pages = Pages()


@pages.get("/failures", Scope.FLEET)
async def failures(visit: Visit) -> Response:
    """The groups, the one that failed last first."""
    groups = await visit.visitor.inspector.failures(limit=_SHOWN)
    until = next_minute(visit.now)
    drawn = [(group, by_hour(group.hours, until)) for group in groups]
    return visit.page("failures.html", groups=drawn, full=len(groups) == _SHOWN)


@pages.post("/failures/retry", Scope.FLEET)
async def retry(visit: Visit) -> Response:
    """Run all jobs of a group again: as a job, or where another broker has them, the newest thousand at once."""
    kind, fingerprint = visit.told("kind"), visit.told("fingerprint")
    if not visit.visitor.desk.settings.broker:
        words = str(JobFilter(kind=kind, fingerprint=fingerprint))
        sent = await send_bulk(visit.visitor, RetryAll.kind, words)
        return visit.back(f"/jobs/{sent.id}", "bulk")
    found = await visit.visitor.inspector.jobs_of_failure(kind, fingerprint)
    if found:
        await visit.visitor.control.retry(found)
    return visit.back("/failures", "retried-group")
