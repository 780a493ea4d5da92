"""The services by their names."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from millhand.core.errors import NotFound
from millhand.services.service import Service

SERVICES: Mapping[str, str] = {
    "docserver": "millhand.services.docserver.service",
    "page-export": "millhand.services.page_export.service",
}
"""The modules, each with a `SERVICE`: loaded when they are asked for. Beside each is an `app` for its executors."""


def find(name: str) -> Service[Any]:
    """The service of that name; raises `NotFound`, naming the others."""
    if name not in SERVICES:
        raise NotFound(
            f"there is no service '{name}'", code="unknown_service", hint=f"Services: {', '.join(SERVICES)}."
        )
    return import_module(SERVICES[name]).SERVICE
