"""`/artefacts`: what all jobs have produced, the newest first."""

from urllib.parse import urlencode

from starlette.responses import Response

from millhand.ledger.views import ArtefactFilter, ArtefactView
from millhand.web.dashboard.pages.job import PICTURE, preview_of
from millhand.web.dashboard.pages.jobs import cursor_of
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit

pages = Pages()
_PAGE = 50
_LARGEST_PICTURE = 2**20
"""Bytes up to which a picture is shown in its row; larger ones wait behind their link."""

_TYPES = ("application/pdf", "image/*", "image/png", "image/jpeg", "text/*", "application/zip")


@pages.get("/artefacts")
async def artefacts(visit: Visit) -> Response:
    """A page of them; who sees one tenant's jobs only sees those of that tenant."""
    wanted = ArtefactFilter(
        name=visit.asked("name"), media_type=visit.asked("type"), tenant=visit.visitor.principal.tenant
    )
    found = await visit.visitor.inspector.artefacts(wanted, before=cursor_of(visit), limit=_PAGE)
    view = {name: text for name, text in (("name", wanted.name), ("type", wanted.media_type)) if text}
    return visit.page(
        "artefacts.html",
        rows=[(row, preview_of(row.artefact)) for row in found.rows],
        pictured=frozenset(row.artefact.seq for row in found.rows if _is_small_picture(row.artefact)),
        wanted=wanted,
        types=_TYPES,
        paged=bool(visit.asked("before")),
        older=f"/artefacts?{urlencode({**view, 'before': found.next})}" if found.next else "",
        here=f"/artefacts?{urlencode(view)}" if view else "/artefacts",
    )


def _is_small_picture(artefact: ArtefactView) -> bool:
    return preview_of(artefact) == PICTURE and artefact.size <= _LARGEST_PICTURE
