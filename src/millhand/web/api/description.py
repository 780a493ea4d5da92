"""`/v1/openapi.json`: the API's own description (OpenAPI 3.1), made from the declarations that route it."""

from typing import Any

from fastapi import FastAPI, Request

from millhand.web.access.operation import resource
from millhand.web.front import prefix_of
from millhand.web.problems import Problem

router = resource("", "description")


@router.get("/v1/openapi.json", operation_id="describe", summary="Describe this API")
async def describe(request: Request) -> dict[str, Any]:
    """This document. It is the same for everybody, and needs no key."""
    prefix = prefix_of(request.scope)
    return {**document(request.app), **({"servers": [{"url": prefix}]} if prefix else {})}


def document(app: FastAPI) -> dict[str, Any]:
    """The description of an app, with the form of its problems."""
    made = app.openapi()
    made["components"]["schemas"][Problem.__name__] = Problem.model_json_schema()
    return made
