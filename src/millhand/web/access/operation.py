"""Operations of the API: each says who may use it, or it can't be declared."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response

from millhand.web.access.gate import Needs

_OPEN_TO_ALL = frozenset({"/v1/openapi.json"})


class Operation(APIRoute):
    """A route that turns away who may not use it before anything of the request's body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the gate; raises `TypeError` if the operation does not say who may use it."""
        handle, needed = super().get_route_handler(), access_of(self)

        async def admit(request: Request) -> Response:
            if needed is not None:
                request.state.caller = await needed.admit(request)
            return await handle(request)

        return admit


def resource(prefix: str, tag: str) -> APIRouter:
    """A router for the operations on one kind of thing."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=Operation)


def access_of(route: APIRoute) -> Needs | None:
    """What an operation asks of its callers; None for the few that anybody may use."""
    found = [one.call for one in _all(route.dependant) if isinstance(one.call, Needs)]
    if len(found) == 1:
        return found[0]
    if route.path in _OPEN_TO_ALL and not found:
        return None
    raise TypeError(f"{route.path} does not say who may use it")


def _all(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _all(each)
