"""`/queues`: how queues stand, and pausing, limiting and purging them."""

from starlette.responses import Response

from millhand.core.errors import UsageError
from millhand.core.fairness import Caps
from millhand.web.access.roles import Role, Scope
from millhand.web.api.queues import known_queue
from millhand.web.dashboard.chart import by_minute
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit
from millhand.web.problems import Refused

pages = Pages()
_LARGEST = 2**31 - 1


@pages.get("/queues", Scope.FLEET)
async def queues(visit: Visit) -> Response:
    """Every queue, by name."""
    inspector = visit.visitor.inspector
    found = await inspector.queues(await visit.visitor.desk.backend.broker.stats())
    activity = await inspector.activity()
    hours = {name: by_minute(activity, name) for name in (one.stats.queue for one in found)}
    return visit.page("queues.html", queues=found, hours=hours)


@pages.post("/queues/{name:path}/pause", Scope.FLEET)
async def pause(visit: Visit) -> Response:
    """Stop delivering."""
    await visit.visitor.control.pause(await _name(visit))
    return visit.back("/queues", "paused")


@pages.post("/queues/{name:path}/resume", Scope.FLEET)
async def resume(visit: Visit) -> Response:
    """Deliver again."""
    await visit.visitor.control.resume(await _name(visit))
    return visit.back("/queues", "resumed")


@pages.post("/queues/{name:path}/limits", Scope.FLEET, Role.ADMIN)
async def limit(visit: Visit) -> Response:
    """Set the limits; an empty field means none."""
    caps = Caps(queue=_number(visit, "running"), tenant=_number(visit, "tenant"), limit_key=_number(visit, "key"))
    await visit.visitor.control.set_caps(await _name(visit), caps)
    return visit.back("/queues", "limited")


@pages.post("/queues/{name:path}/purge", Scope.FLEET, Role.ADMIN)
async def purge(visit: Visit) -> Response:
    """Cancel all that waits, if the queue's name was typed."""
    name = await _name(visit)
    if visit.told("confirm") != name:
        raise Refused(
            422,
            f"the purge of queue '{name}' is not confirmed",
            code="not_confirmed",
            hint="Type the name of the queue beside the button.",
        )
    await visit.visitor.control.purge(name)
    return visit.back("/queues", "purged")


async def _name(visit: Visit) -> str:
    """The queue of the address; raises `NotFound` for one that is not there."""
    return (await known_queue(visit.visitor, visit.request.path_params["name"])).name


def _number(visit: Visit, field: str) -> int | None:
    text = visit.told(field)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:11]) <= _LARGEST):
        raise UsageError(f"'{text[:40]}' is no limit", hint="Type a number from 1 on, or nothing for no limit.")
    return int(text)
