"""`/v1/failures`, `/v1/audit` and `/status`: the fleet at a glance, and what needs attention."""

from typing import Annotated

from fastapi import Query

from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role, Scope
from millhand.web.api.models.base import Items, Page
from millhand.web.api.models.fleet import Audited, FailureGroup, FleetStatus, Status, Worker
from millhand.web.api.parameters import Cursor, Limit
from millhand.web.desk import Caller

router = resource("", "fleet")
Viewer = Annotated[Caller, needs(Role.VIEWER, Scope.FLEET)]


@router.get("/v1/failures", operation_id="list_failures", summary="List failures by group")
async def list_failures(
    caller: Viewer, limit: Annotated[int, Query(ge=1, le=100, description="So many at most.")] = 50
) -> Items[FailureGroup]:
    """Jobs of one kind that failed alike stand together; the group that failed last comes first."""
    groups = await caller.inspector.failures(limit=limit)
    return Items(items=[FailureGroup.model_validate(group) for group in groups])


@router.get("/v1/audit", operation_id="list_audit", summary="List what was done by people and programs")
async def list_audit(
    caller: Annotated[Caller, needs(Role.ADMIN, Scope.FLEET)], cursor: Cursor = None, limit: Limit = 100
) -> Page[Audited]:
    """The audit trail, newest first."""
    page = await caller.inspector.audit(before=cursor, limit=limit)
    return Page(
        items=[Audited.model_validate(entry) for entry in page.entries], next=str(page.next) if page.next else None
    )


@router.get("/status", operation_id="show_status", summary="Show how everything stands")
async def show_status(caller: Viewer) -> FleetStatus:
    """Jobs by state, what ended in the last minute, slots, and every worker with the health that it tells of."""
    overview = Status.model_validate(await caller.inspector.overview())
    workers = [Worker.model_validate(worker) for worker in await caller.inspector.workers()]
    return FleetStatus(**dict(overview), processes=Items(items=workers))
