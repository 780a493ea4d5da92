"""Who may do what: every operation of the API, for every role, with and without a tenant.

The cases come from the routes themselves, so an operation that is added is tried as well.
"""

import pytest
from fastapi.routing import APIRoute

from millhand.web.access.operation import access_of
from millhand.web.access.roles import Role, Scope
from millhand.web.api import ROUTERS
from tests.integration.web.conftest import TENANTS, Served

OWN, OTHER = TENANTS
_NAMES = {"queues": "nowhere", "workers": "nobody", "kinds": "note.write", "schedules": "nightly-note"}
_ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
_CASES = [
    pytest.param(route, method, id=f"{method} {route.path}")
    for route in _ROUTES
    for method in sorted(route.methods or ())
]


def path_of(route: APIRoute, site: Served, tenant: str) -> str:
    """The path of an operation, on what belongs to a tenant. A parameter of another name needs a value here."""
    values = {
        "job_id": site.jobs[tenant],
        "seq": "1",
        "name": _NAMES.get(route.path.removeprefix("/v1/").partition("/")[0], ""),
    }
    return route.path.format(**{name: values[name] for name in route.param_convertors})


def status(site: Served, method: str, path: str, key: str | None) -> int:
    """The status alone: some answers never end. A body, where one is wanted, is no good."""
    body = b"[" if method in ("POST", "PUT") else None
    with site.asking(method, path, body, key=key) as response:
        return response.status


@pytest.mark.parametrize(("route", "method"), _CASES)
def test_without_a_good_key_there_is_nothing(site: Served, route: APIRoute, method: str) -> None:
    path, wanted = path_of(route, site, OWN), 200 if access_of(route) is None else 401
    assert status(site, method, path, None) == wanted
    assert access_of(route) is None or status(site, method, path, "mh_wrong") == 401


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("tenant", [None, OWN])
@pytest.mark.parametrize(("route", "method"), [case for case in _CASES if "openapi" not in str(case.id)])
def test_a_key_reaches_what_its_role_and_its_tenant_allow(
    site: Served, route: APIRoute, method: str, tenant: str | None, role: Role
) -> None:
    needed = access_of(route)
    assert needed is not None
    path = path_of(route, site, OWN)
    found = status(site, method, path, site.keys[role.value, tenant])
    allowed = role.includes(needed.role) and (tenant is None or needed.scope is not Scope.FLEET)
    assert (found not in (401, 403)) if allowed else (found == 403)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("route", "method"),
    [case for case in _CASES if "job_id" in case.values[0].param_convertors],  # pyright: ignore[reportAttributeAccessIssue]
)
def test_another_tenants_job_is_not_there(site: Served, route: APIRoute, method: str, role: Role) -> None:
    needed = access_of(route)
    assert needed is not None
    wanted = 404 if role.includes(needed.role) else 403
    with site.asking(method, path_of(route, site, OTHER), key=site.keys[role.value, OWN]) as response:
        assert response.status == wanted


def test_every_operation_says_who_may_use_it() -> None:
    assert len(_ROUTES) > 20
    assert [route.path for route in _ROUTES if access_of(route) is None] == ["/v1/openapi.json"]
