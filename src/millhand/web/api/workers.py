"""`/v1/workers`: who does the jobs, and having a worker rest, go on or end."""

from typing import Annotated

from millhand.core.errors import NotFound
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role, Scope
from millhand.web.api.models.base import Items
from millhand.web.api.models.fleet import Worker
from millhand.web.api.parameters import Name
from millhand.web.desk import Caller

router = resource("/v1/workers", "workers")
Viewer = Annotated[Caller, needs(Role.VIEWER, Scope.FLEET)]
Operator = Annotated[Caller, needs(Role.OPERATOR, Scope.FLEET)]


@router.get("", operation_id="list_workers", summary="List the workers")
async def list_workers(caller: Viewer) -> Items[Worker]:
    """Every known worker, the longest-running first."""
    return Items(items=[Worker.model_validate(worker) for worker in await caller.inspector.workers()])


@router.post("/{name}/quiet", operation_id="quiet_worker", summary="Have a worker take no jobs")
async def quiet_worker(caller: Operator, name: Name) -> Worker:
    """Take no jobs for now, within about a second; what the worker holds goes on."""
    await caller.control.quiet_worker(name)
    return await _known(caller, name)


@router.post("/{name}/resume", operation_id="resume_worker", summary="Have a worker take jobs again")
async def resume_worker(caller: Operator, name: Name) -> Worker:
    """Take jobs again, within about a second."""
    await caller.control.resume_worker(name)
    return await _known(caller, name)


@router.post("/{name}/stop", operation_id="stop_worker", summary="Stop a worker")
async def stop_worker(caller: Operator, name: Name) -> Worker:
    """Let running jobs end within the grace time, then end the process, as SIGTERM does. It can't be taken back.

    What keeps the worker alive, such as systemd, may start another one in its place.
    """
    await caller.control.stop_worker(name)
    return await _known(caller, name)


async def _known(caller: Caller, name: str) -> Worker:
    """A worker as it last told of itself; raises `NotFound` if it has ended since."""
    found = {worker.id: worker for worker in await caller.inspector.workers()}
    if name not in found:
        raise NotFound(f"there is no worker '{name}'", hint="It has just ended.")
    return Worker.model_validate(found[name])
