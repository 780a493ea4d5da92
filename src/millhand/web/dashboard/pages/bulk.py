"""`/jobs/all/retry` and `/jobs/all/cancel`: acting on all jobs that a filter means, once that is confirmed."""

import shlex
from collections.abc import Mapping

from starlette.responses import Response

from millhand.app.bulk import CancelAll, RetryAll
from millhand.core.errors import NotFound
from millhand.web.access.roles import Role
from millhand.web.api.bulk import meant, send_bulk
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit

pages = Pages()
_KINDS: Mapping[str, str] = {"retry": RetryAll.kind, "cancel": CancelAll.kind}
_SHOWN = 5


@pages.get("/jobs/all/{act}", role=Role.OPERATOR)
async def confirm(visit: Visit) -> Response:
    """How many jobs it is about, and the newest of them."""
    words, act = visit.asked("q"), visit.request.path_params["act"]
    _kind(act)
    wanted = meant(visit.visitor, words)
    return visit.page(
        "bulk.html",
        act=act,
        words=words,
        cli=f"millhand jobs {act} --where {shlex.quote(words)}",
        number=await visit.visitor.inspector.count(wanted),
        sample=(await visit.visitor.inspector.jobs(wanted, limit=_SHOWN)).rows,
    )


@pages.post("/jobs/all/{act}")
async def send(visit: Visit) -> Response:
    """Send the job that does it, and go there."""
    sent = await send_bulk(visit.visitor, _kind(visit.request.path_params["act"]), visit.told("q"))
    return visit.back(f"/jobs/{sent.id}", "bulk")


def _kind(act: str) -> str:
    """The kind of the job that does it."""
    if act not in _KINDS:
        raise NotFound(f"nothing is called '{act[:40]}' here", hint="Jobs are run again, or cancelled.")
    return _KINDS[act]
