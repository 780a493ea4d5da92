"""All that is served over HTTP, as one application: probes, metrics, the API, the dashboard; behind the guard."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI

from millhand.app.app import App
from millhand.config import Settings
from millhand.core.errors import ConfigError, MillhandError
from millhand.core.health import HealthSource
from millhand.core.limits import MIB
from millhand.ledger.api_keys import ApiKeys
from millhand.telemetry.metrics import Metrics
from millhand.web import problems
from millhand.web.access.gate import Gate
from millhand.web.access.people import People
from millhand.web.api import ROUTERS
from millhand.web.dashboard.mount import dashboard, open_door
from millhand.web.dashboard.trouble import TroublePages
from millhand.web.desk import Desk
from millhand.web.fetching import Fetcher
from millhand.web.front import Front, Proxies
from millhand.web.gotenberg import routes as gotenberg
from millhand.web.guard import Bounds, Guard, Names
from millhand.web.health import health_app
from millhand.web.live import Hub
from millhand.web.uploads import sweep

_LARGEST_BODY = 2 * MIB
_SWEEP_EVERY = 3_600.0
_log = structlog.get_logger("millhand.web")

_SUMMARY = """Run content jobs, and see what happened.

Errors are problem documents (RFC 9457) with a stable `code` and a `hint`. Instants are RFC 3339 in UTC, durations
seconds. Lists come in pages: ask again with `cursor` set to the page's `next` until that is null.

Where a key is needed, send it as `Authorization: Bearer KEY`. A key has a role, each with the rights of the one before
it: viewer, operator, admin. What a key that is bound to a tenant may not see is not there for it (404).
"""
_PROBLEM: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "The request can't be served as it is.",
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
    "5XX": {
        "description": "Something that is needed is out of order.",
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
}


class Site:
    """What a process serves over HTTP. `asgi` is the application; its duties are done while `running` is entered."""

    def __init__(self, desk: Desk, gate: Gate, health: HealthSource, metrics: Metrics) -> None:
        settings = desk.settings
        self._app = desk.app
        self._hub = desk.hub
        self.api = api()
        self.api.state.desk, self.api.state.gate = desk, gate
        key = settings.http.key.get_secret_value()
        self.api.router.routes.extend(health_app(health, metrics, key=key, others=gate.may_watch).router.routes)
        door = open_door(desk, gate)
        self.api.router.routes.extend(dashboard(door))
        guard = TroublePages(Guard(self.api, _names(settings, gate), _bounds(settings)), door)
        self.asgi = Front(guard, Proxies(settings.proxy.trusted), _prefix(settings, self.api), _people(settings))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Tell of changes, and remove old uploads; leaving ends all streams."""
        tasks = [
            asyncio.create_task(self._hub.run(), name="changes"),
            asyncio.create_task(self._sweep(), name="sweep of uploads"),
        ]
        try:
            yield
        finally:
            self._hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        """Remove old uploads now and then."""
        while True:
            try:
                await sweep(self._app)
            except MillhandError as error:
                _log.warning("old uploads can't be removed", error=error.message)
            await asyncio.sleep(_SWEEP_EVERY)


async def open_site(app: App, health: HealthSource, metrics: Metrics) -> Site:
    """The site of an app, which is connected if it was not."""
    backend = await app.backend()
    desk = Desk(app, backend, Hub(backend.inspector.changes, app.clock), _fetcher(app))
    http = app.settings.http
    gate = Gate(ApiKeys(backend.database), http.host, http.key.get_secret_value())
    return Site(desk, gate, health, metrics)


def api() -> FastAPI:
    """The API alone; what it works with is put into its `state`: `desk` and `gate`."""
    made = FastAPI(
        title="millhand",
        version=version("millhand"),
        description=_SUMMARY,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_PROBLEM,
        telemetry={"auto_configure": False},
        separate_input_output_schemas=False,
    )
    problems.install(made)
    for router in ROUTERS:
        made.include_router(router)
    made.include_router(gotenberg.router)
    return made


def _names(settings: Settings, gate: Gate) -> Names:
    hosts = [name.lower() for name in (*settings.api.hosts, settings.http.host)]
    return Names(hosts=hosts, origins=[origin.lower() for origin in settings.api.origins], open=gate.open)


def _prefix(settings: Settings, api: FastAPI) -> str:
    """The prefix of all paths; raises `ConfigError` if nobody could tell whether a proxy has taken it off."""
    prefix = settings.proxy.path_prefix
    first = prefix.split("/")[:2]
    own = [str(getattr(route, "path", "")).split("/")[:2] for route in api.routes]
    if prefix and first in own:
        raise ConfigError(
            f"the prefix {prefix} begins like a path of millhand's own",
            hint="Choose another setting proxy.path_prefix, such as /millhand.",
        )
    return prefix


def _fetcher(app: App) -> Fetcher:
    told = app.settings
    hosts = frozenset(told.chromium.allowed_hosts)
    return Fetcher(hosts, told.api.max_upload * MIB, told.api.fetch_seconds, app.clock)


def _people(settings: Settings) -> People:
    told = settings.proxy
    return People(
        user_header=told.user_header, groups_header=told.groups_header, operators=told.operators, admins=told.admins
    )


def _bounds(settings: Settings) -> Bounds:
    told = settings.api
    return Bounds(upload=told.max_upload * MIB, body=_LARGEST_BODY, stall=told.stall, seconds=told.upload_seconds)
