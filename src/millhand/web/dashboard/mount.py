"""All routes of the dashboard."""

from starlette.routing import BaseRoute

from millhand.web.access.gate import Gate
from millhand.web.dashboard.pages import (
    artefacts,
    bulk,
    failures,
    fleet,
    job,
    jobs,
    live,
    new_job,
    overview,
    queues,
    static,
    system,
)
from millhand.web.dashboard.pages.sign_in import SignIn
from millhand.web.dashboard.routing import Door
from millhand.web.dashboard.sessions import Sessions
from millhand.web.desk import Desk

_MODULES = (overview, jobs, bulk, job, failures, queues, fleet, new_job, artefacts, system, live)


def open_door(desk: Desk, gate: Gate) -> Door:
    """The door to the pages; those who are signed in are known to it alone."""
    return Door(desk, gate, Sessions(desk.app.clock))


def dashboard(door: Door) -> list[BaseRoute]:
    """The pages, their actions, and what they are made with."""
    pages = [page for module in _MODULES for page in module.pages.all]
    return [*door.routes(pages), *SignIn(door).routes(), static.route]
