"""`/jobs`: which jobs there are, by the filter language; and acting on those that are chosen."""

from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import Response

from millhand.core.errors import UsageError
from millhand.core.state import State
from millhand.ledger.filters import FIELDS, JobFilter
from millhand.ledger.views import Count, JobPage
from millhand.web.access.roles import Role
from millhand.web.api.jobs import filter_of
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit

pages = Pages()
_PAGE = 50
_MOST_CHOSEN = 500


@pages.get("/jobs")
async def jobs(visit: Visit) -> Response:
    """A page of the jobs that the filter means."""
    words, trouble = visit.asked("q"), None
    wanted: JobFilter | None = None
    found = JobPage(())
    try:
        wanted = filter_of(visit.visitor, words)
        if wanted is not None:
            found = await visit.visitor.inspector.jobs(wanted, before=cursor_of(visit), limit=_PAGE)
    except UsageError as error:
        trouble = error
    return visit.page(
        "jobs.html",
        words=words,
        fields=FIELDS,
        kinds=sorted(kind.name for kind in visit.visitor.desk.app.registry),
        trouble=trouble,
        tabs=await _tabs(visit, wanted or JobFilter()),
        found=found,
        fitting=await _fitting(visit, wanted, found),
        paged=bool(visit.asked("before")),
        older=f"/jobs?{urlencode({'q': words, 'before': found.next})}" if found.next else "",
        here=f"/jobs?{urlencode({'q': words})}" if words else "/jobs",
    )


@pages.post("/jobs/retry")
async def retry(visit: Visit) -> Response:
    """Run the chosen jobs again; all that fit the filter only after a question."""
    if visit.told("all"):
        return visit.back("/jobs/all/retry", q=visit.told("q"))
    chosen = await _chosen(visit)
    if chosen:
        await visit.visitor.control.retry(chosen)
    return visit.back("/jobs", "retried-some" if chosen else "none-chosen", q=visit.told("q"))


@pages.post("/jobs/cancel")
async def cancel(visit: Visit) -> Response:
    """Cancel the chosen jobs; all that fit the filter only after a question."""
    if visit.told("all"):
        return visit.back("/jobs/all/cancel", q=visit.told("q"))
    chosen = await _chosen(visit)
    if chosen:
        await visit.visitor.control.cancel_all(chosen)
    return visit.back("/jobs", "cancelled-some" if chosen else "none-chosen", q=visit.told("q"))


def cursor_of(visit: Visit) -> int | None:
    """Where the page begins that the address names; None for the newest."""
    text = visit.asked("before")
    return int(text) if text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004 - fits into 64 bits


async def _fitting(visit: Visit, wanted: JobFilter | None, found: JobPage) -> Count | None:
    """How many jobs fit, where somebody may act on all of them."""
    acts = visit.may(Role.OPERATOR) and not visit.visitor.desk.settings.broker
    if wanted is None or not (visit.asked("q") and found.rows and acts):
        return None
    if found.next is None and not visit.asked("before"):
        return Count(len(found.rows))
    return await visit.visitor.inspector.count(wanted)


async def _chosen(visit: Visit) -> list[str]:
    """The jobs that were ticked, without those that are not the visitor's."""
    ticked = [value for value in visit.form.getlist("job") if isinstance(value, str)][:_MOST_CHOSEN]
    records = await visit.visitor.inspector.records(ticked)
    return [job_id for job_id in ticked if job_id in records and visit.visitor.sees(records[job_id].tenant)]


async def _tabs(visit: Visit, wanted: JobFilter) -> list[tuple[str, State | None, Count | None, str, bool]]:
    """The states to choose from: name, state, how many jobs there are in all, address, and whether it is chosen."""
    tally = await visit.visitor.inspector.tally() if visit.visitor.principal.tenant is None else {}
    made: list[tuple[str, State | None, Count | None, str, bool]] = []
    for state in (None, *State):
        states = frozenset({state}) if state else frozenset[State]()
        words = str(replace(wanted, states=states))
        address = f"/jobs?{urlencode({'q': words})}" if words else "/jobs"
        made.append((state or "all", state, tally.get(state) if state else None, address, wanted.states == states))
    return made
