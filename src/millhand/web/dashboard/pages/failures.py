"""`/failures`: jobs that failed alike stand together, and run again together."""

from starlette.responses import Response

from millhand.web.access.roles import Scope
from millhand.web.dashboard.chart import hours, shapes
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit

pages = Pages()


@pages.get("/failures", Scope.FLEET)
async def failures(visit: Visit) -> Response:
    """The groups, the one that failed last first."""
    groups = await visit.visitor.inspector.failures()
    return visit.page("failures.html", groups=[(group, shapes(hours(group.hours, height=20.0))) for group in groups])


@pages.post("/failures/retry", Scope.FLEET)
async def retry(visit: Visit) -> Response:
    """Run all jobs of a group again, as far as the inspector lists them: the newest thousand."""
    found = await visit.visitor.inspector.jobs_of_failure(visit.told("kind"), visit.told("fingerprint"))
    if found:
        await visit.visitor.control.retry(found)
    return visit.back("/failures", "retried-group")
