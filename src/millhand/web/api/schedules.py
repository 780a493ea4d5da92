"""`/v1/schedules`: what is enqueued when; firing by hand, and switching on and off."""

from typing import Annotated

from millhand.core.errors import NotFound
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role, Scope
from millhand.web.api.models.base import Items
from millhand.web.api.models.fleet import Schedule
from millhand.web.api.models.orders import Fired
from millhand.web.api.parameters import Name
from millhand.web.desk import Caller

router = resource("/v1/schedules", "schedules")
Viewer = Annotated[Caller, needs(Role.VIEWER, Scope.FLEET)]
Operator = Annotated[Caller, needs(Role.OPERATOR, Scope.FLEET)]


@router.get("", operation_id="list_schedules", summary="List the schedules")
async def list_schedules(caller: Viewer) -> Items[Schedule]:
    """Every schedule, by name, with its next and last ticks."""
    return Items(items=[Schedule.model_validate(one) for one in await caller.inspector.schedules()])


@router.post("/{name}/run", operation_id="run_schedule", summary="Fire a schedule now", status_code=202)
async def run_schedule(caller: Operator, name: Name) -> Fired:
    """Enqueue the schedule's job now, beside its ticks."""
    job_id = await caller.control.run_schedule(name)
    return Fired(schedule=name, id=job_id, url=f"{caller.prefix}/v1/jobs/{job_id}")


@router.post("/{name}/enable", operation_id="enable_schedule", summary="Switch a schedule on")
async def enable_schedule(caller: Operator, name: Name) -> Schedule:
    """Let the schedule fire again, from its next tick on."""
    await caller.control.enable_schedule(name)
    return await _known(caller, name)


@router.post("/{name}/disable", operation_id="disable_schedule", summary="Switch a schedule off")
async def disable_schedule(caller: Operator, name: Name) -> Schedule:
    """Keep the schedule from firing until it is enabled."""
    await caller.control.disable_schedule(name)
    return await _known(caller, name)


async def _known(caller: Caller, name: str) -> Schedule:
    found = next((one for one in await caller.inspector.schedules() if one.name == name), None)
    if found is None:
        raise NotFound(f"there is no schedule '{name}'")
    return Schedule.model_validate(found)
