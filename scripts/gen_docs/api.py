"""The page of the HTTP API: every operation, from the same declarations that route it."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi.routing import APIRoute

from millhand.web.access.operation import access_of
from millhand.web.access.roles import Role, Scope
from millhand.web.api import ROUTERS
from millhand.web.api.description import document
from millhand.web.site import api
from scripts.gen_docs.markdown import code, page, table

_SCOPES = {
    Scope.COMMON: "the same for everybody",
    Scope.TENANT: "a key that is bound to a tenant reaches that tenant's alone",
    Scope.FLEET: "not for keys that are bound to a tenant",
}


def write() -> str:
    """The page."""
    told = document(api())
    return page(
        "HTTP API",
        "Served by `millhand up` and `millhand serve` on the port of [`http.port`](settings.md#httpport). The whole"
        " description, with the schemas of all bodies, is at `/v1/openapi.json` (OpenAPI 3.1), for readers and for"
        " generators of clients. Who may ask is in [Secure the API](../how-to/secure-the-api.md).",
        told["info"]["description"],
        "## Problems",
        "Every error is a document of the type `application/problem+json`; its `code` is one of [those](errors.md) or,"
        " for a job that failed, what its handler gave.",
        table(("field", "meaning"), _fields(told["components"]["schemas"]["Problem"])),
        *_operations(told),
    )


def _operations(told: Mapping[str, Any]) -> Iterator[str]:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    tags = dict.fromkeys(str(route.tags[0]) for route in routes)
    for tag in tags:
        yield f"## {tag[:1].upper()}{tag[1:]}"
        for route in routes:
            if route.tags[0] == tag:
                for method in sorted(route.methods or ()):
                    yield _operation(route, method, told["paths"][route.path][method.lower()])


def _operation(route: APIRoute, method: str, told: Mapping[str, Any]) -> str:
    parameters = [
        (code(one["name"]), one["in"], one.get("description", ""))
        for one in told.get("parameters", ())
        if one["in"] != "path"
    ]
    bodies = told.get("requestBody", {}).get("content", {})
    parts = [
        f"### {method} {route.path}",
        f"{told['summary']}. {told['description']}",
        _access(route),
        f"Takes {' or '.join(code(name) for name in bodies)}." if bodies else "",
        table(("parameter", "in", "meaning"), parameters) if parameters else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _access(route: APIRoute) -> str:
    needed = access_of(route)
    if needed is None:
        return "Needs no key."
    roles = " or ".join(role for role in Role if role.includes(needed.role))
    return f"Role: {roles} · {_SCOPES[needed.scope]}"


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, field in schema["properties"].items():
        yield code(name), field.get("description", "")
