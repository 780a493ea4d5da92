"""`/v1/kinds`: the kinds of jobs that the app knows, with the schemas of their arguments."""

from typing import Annotated

from millhand.web.access.gate import needs
from millhand.web.access.operation import resource
from millhand.web.access.roles import Role, Scope
from millhand.web.api.models.base import Items
from millhand.web.api.models.fleet import Kind, KindDetail
from millhand.web.api.parameters import Name
from millhand.web.desk import Caller

router = resource("/v1/kinds", "kinds")
Viewer = Annotated[Caller, needs(Role.VIEWER, Scope.COMMON)]


@router.get("", operation_id="list_kinds", summary="List the kinds of jobs")
async def list_kinds(caller: Viewer) -> Items[Kind]:
    """Every kind, by name."""
    registry = caller.desk.app.registry
    return Items(items=[Kind.of(kind) for kind in sorted(registry, key=lambda kind: kind.name)])


@router.get("/{name}", operation_id="show_kind", summary="Show a kind")
async def show_kind(caller: Viewer, name: Name) -> KindDetail:
    """A kind: its rules, and the JSON Schema of its arguments."""
    kind = caller.desk.app.registry.get(name)
    return KindDetail.of(kind, args_schema=kind.args.model_json_schema())
