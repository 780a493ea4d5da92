"""`/workers` and `/schedules`: who does the jobs, and what is sent again and again."""

import os
import socket

from starlette.responses import Response

from millhand.web.access.roles import Scope
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.visit import Visit

pages = Pages()


@pages.get("/workers", Scope.FLEET)
async def workers(visit: Visit) -> Response:
    """Every known worker, the longest-running first."""
    here = (socket.gethostname(), os.getpid())
    return visit.page("workers.html", workers=await visit.visitor.inspector.workers(), here=here)


@pages.post("/workers/{name:path}/quiet", Scope.FLEET)
async def quiet(visit: Visit) -> Response:
    """Have it take no jobs for now."""
    await visit.visitor.control.quiet_worker(visit.request.path_params["name"])
    return visit.back("/workers", "quieted")


@pages.post("/workers/{name:path}/resume", Scope.FLEET)
async def resume(visit: Visit) -> Response:
    """Have it take jobs again."""
    await visit.visitor.control.resume_worker(visit.request.path_params["name"])
    return visit.back("/workers", "woken")


@pages.post("/workers/{name:path}/stop", Scope.FLEET)
async def stop(visit: Visit) -> Response:
    """Have it drain and end."""
    await visit.visitor.control.stop_worker(visit.request.path_params["name"])
    return visit.back("/workers", "stopped")


@pages.get("/schedules", Scope.FLEET)
async def schedules(visit: Visit) -> Response:
    """Every schedule, by name."""
    return visit.page("schedules.html", schedules=await visit.visitor.inspector.schedules())


@pages.post("/schedules/{name:path}/run", Scope.FLEET)
async def run(visit: Visit) -> Response:
    """Send the schedule's job now, and show it."""
    job_id = await visit.visitor.control.run_schedule(visit.request.path_params["name"])
    return visit.back(f"/jobs/{job_id}", "fired")


@pages.post("/schedules/{name:path}/enable", Scope.FLEET)
async def enable(visit: Visit) -> Response:
    """Let it fire again."""
    await visit.visitor.control.enable_schedule(visit.request.path_params["name"])
    return visit.back("/schedules", "enabled")


@pages.post("/schedules/{name:path}/disable", Scope.FLEET)
async def disable(visit: Visit) -> Response:
    """Keep it from firing."""
    await visit.visitor.control.disable_schedule(visit.request.path_params["name"])
    return visit.back("/schedules", "disabled")
