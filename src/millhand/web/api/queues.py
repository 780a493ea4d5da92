"""`/v1/queues`: how queues stand, and pausing, resuming, limiting and purging them."""

from typing import Annotated

from millhand.core.errors import NotFound
from millhand.core.fairness import Caps
from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role, Scope
from millhand.web.api.models.base import Items
from millhand.web.api.models.fleet import Limits, Queue
from millhand.web.api.models.orders import Confirmation, Purged
from millhand.web.api.parameters import Name
from millhand.web.desk import Caller
from millhand.web.problems import Refused

router = resource("/v1/queues", "queues")
Viewer = Annotated[Caller, needs(Role.VIEWER, Scope.FLEET)]
Operator = Annotated[Caller, needs(Role.OPERATOR, Scope.FLEET)]
Admin = Annotated[Caller, needs(Role.ADMIN, Scope.FLEET)]


@router.get("", operation_id="list_queues", summary="List the queues")
async def list_queues(caller: Viewer) -> Items[Queue]:
    """Every queue, by name: how many jobs wait and run, since when, and who serves them."""
    return Items(items=await queues_of(caller))


@router.get("/{name}", operation_id="show_queue", summary="Show a queue")
async def show_queue(caller: Viewer, name: Name) -> Queue:
    """How one queue stands."""
    return await known_queue(caller, name)


async def queues_of(caller: Caller) -> list[Queue]:
    """Every queue, by name."""
    views = await caller.inspector.queues(await caller.desk.backend.broker.stats())
    return [Queue.of(view) for view in views]


async def known_queue(caller: Caller, name: str) -> Queue:
    """How a queue stands; raises `NotFound`: a name that was mistyped is not to be taken for a new queue."""
    found = {queue.name: queue for queue in await queues_of(caller)}
    if name not in found:
        raise NotFound(f"there is no queue '{name}'", hint=f"Queues: {', '.join(found) or 'none'}.")
    return found[name]


@router.post("/{name}/pause", operation_id="pause_queue", summary="Pause a queue")
async def pause_queue(caller: Operator, name: Name) -> Queue:
    """Stop delivering from the queue, in every worker; running jobs go on."""
    await known_queue(caller, name)
    await caller.control.pause(name)
    return await known_queue(caller, name)


@router.post("/{name}/resume", operation_id="resume_queue", summary="Resume a queue")
async def resume_queue(caller: Operator, name: Name) -> Queue:
    """Deliver from the queue again."""
    await known_queue(caller, name)
    await caller.control.resume(name)
    return await known_queue(caller, name)


@router.put("/{name}/limits", operation_id="limit_queue", summary="Limit a queue")
async def limit_queue(caller: Admin, name: Name, limits: Limits) -> Queue:
    """Set how many of the queue's jobs run at a time, over all workers; what is null or left out is not limited."""
    await known_queue(caller, name)
    caps = Caps(queue=limits.running, tenant=limits.per_tenant, limit_key=limits.per_limit_key)
    await caller.control.set_caps(name, caps)
    return await known_queue(caller, name)


@router.post("/{name}/purge", operation_id="purge_queue", summary="Cancel all that waits in a queue")
async def purge_queue(caller: Admin, name: Name, confirmation: Confirmation) -> Purged:
    """Cancel every waiting job of the queue; running jobs go on. The queue's name must be given once more."""
    await known_queue(caller, name)
    if confirmation.confirm != name:
        raise Refused(
            422,
            f"the purge of queue '{name}' is not confirmed",
            code="not_confirmed",
            hint="Give the queue's name as `confirm`.",
        )
    return Purged(queue=name, cancelled=await caller.control.purge(name))
