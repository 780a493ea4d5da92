"""`/live`: the names of what has changed, as it changes, for pages that look again then."""

from collections.abc import AsyncGenerator, Collection

from starlette.responses import Response

from millhand.web import sse
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit
from millhand.web.live import EVERYTHING

pages = Pages()
_MOST_LETTERS = 100


@pages.get("/live")
async def live(visit: Visit) -> Response:
    """The stream. Who sees one tenant's jobs only is not told the ids of jobs."""
    after = visit.request.headers.get("last-event-id", "")[:_MOST_LETTERS]
    return sse.stream(_names(visit, after or None))


async def _names(visit: Visit, after: str | None) -> AsyncGenerator[str]:
    yield sse.HEARTBEAT
    with visit.visitor.desk.hub.watching(after=after) as watcher:
        while not watcher.over:
            news = await watcher.next(sse.EVERY)
            if news is not None:
                yield sse.message("changed", {"names": sorted(_shown(visit, news.names))}, news.id)
            elif not watcher.over:
                yield sse.HEARTBEAT


def _shown(visit: Visit, names: Collection[str]) -> Collection[str]:
    if visit.visitor.principal.tenant is None:
        return names
    return {EVERYTHING} & set(names) or {EVERYTHING}
