"""The API's own description, tried by schemathesis: no request that it allows breaks the server or the description."""

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from millhand.web.api import ROUTERS
from tests.integration.web.conftest import OWNER, Served

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_PATIENT = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
_ENDLESS = {"follow_fleet", "follow_job", "read_logs"}
_OPERATIONS = sorted(
    (route.path, method)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.operation_id not in _ENDLESS
    for method in route.methods or ()
)


@pytest.fixture(scope="module")
def described(site: Served) -> OpenApiSchema:
    """What the running site says of itself."""
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{site.port}/v1/openapi.json")


@pytest.fixture(scope="module")
def real(site: Served) -> dict[str, str]:
    """What is there: a finished job, a queue that nobody else needs, a kind and a schedule."""
    site.send("note.write", queue="fuzzed")
    return {
        "jobs": site.jobs["acme"],
        "queues": "fuzzed",
        "kinds": "note.write",
        "schedules": "nightly-note",
        "workers": "nobody",
    }


@pytest.mark.parametrize("there", [False, True], ids=["anything", "what is there"])
@pytest.mark.parametrize(("path", "method"), _OPERATIONS)
def test_what_is_allowed_is_answered_as_described(
    described: OpenApiSchema, real: dict[str, str], path: str, method: str, *, there: bool
) -> None:
    known = real.get(path.removeprefix("/v1/").partition("/")[0], "")

    @given(case=described[path][method].as_strategy())
    @settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=_PATIENT)
    def check(case: schemathesis.Case) -> None:
        if isinstance(case.body, dict) and "filter" in case.body:  # what it means is acted on
            case.body["filter"] = "queue:fuzzed" if there else "error:nowhere"
        if there:
            named = {name: known for name in ("job_id", "name") if name in case.path_parameters}
            case.path_parameters.update(named)
            if isinstance(case.body, dict) and "kind" in case.body:
                case.body["kind"] = real["kinds"]
        case.call_and_validate(headers={"Authorization": f"Bearer {OWNER}"}, checks=_CHECKS, timeout=30)

    check()


@pytest.mark.parametrize(("path", "method"), _OPERATIONS)
def test_without_a_good_key_nothing_is_answered(described: OpenApiSchema, path: str, method: str) -> None:
    @given(case=described[path][method].as_strategy())
    @settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=_PATIENT)
    def check(case: schemathesis.Case) -> None:
        answer = case.call_and_validate(headers={"Authorization": "Bearer wrong"}, checks=_CHECKS, timeout=30)
        assert answer.status_code == (200 if path == "/v1/openapi.json" else 401)

    check()
