"""The HTTP API: one module for each resource, each with a router; what is declared there is also what is documented."""

from collections.abc import Sequence

from fastapi import APIRouter

from millhand.web.api import (
    actions,
    artefacts,
    bulk,
    convert,
    description,
    fleet,
    jobs,
    kinds,
    logs,
    queues,
    schedules,
    streams,
    submit,
    workers,
)

ROUTERS: Sequence[APIRouter] = (
    jobs.router,
    submit.router,
    bulk.router,
    actions.router,
    artefacts.router,
    streams.router,
    convert.router,
    logs.router,
    queues.router,
    workers.router,
    kinds.router,
    schedules.router,
    fleet.router,
    description.router,
)
