"""The small port of a worker: `/health` and `/ready` for whoever watches over it, `/metrics` for Prometheus."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from millhand.core.finding import Level
from millhand.core.health import HealthSource, LoopTick
from millhand.telemetry.metrics import CONTENT_TYPE, Metrics

_FINE = 200
_UNAUTHORIZED = 401
_UNAVAILABLE = 503
_FRESH = {"Cache-Control": "no-store"}


Admits = Callable[[str], Awaitable[bool]]
"""Says whether a bearer token opens the metrics."""


async def _nobody(_token: str) -> bool:
    return False


def health_app(source: HealthSource, metrics: Metrics, *, key: str = "", others: Admits = _nobody) -> Starlette:
    """The three routes. With a key, `/metrics` asks for it as a bearer token; the probes stay open, and tell little.

    `others` says of further tokens whether they open the metrics as well.
    """
    routes = _Routes(source, metrics, key, others)
    return Starlette(
        routes=[
            Route("/health", routes.health),
            Route("/ready", routes.ready),
            Route("/metrics", routes.metrics),
        ]
    )


class _Routes:
    def __init__(self, source: HealthSource, metrics: Metrics, key: str, others: Admits) -> None:
        self._source = source
        self._metrics = metrics
        self._key = key
        self._others = others

    async def health(self, _request: Request) -> Response:
        """Alive means that every loop has turned lately: 503 names those that have not."""
        ticks = self._source.loops()
        stuck = [tick.name for tick in ticks if tick.stuck]
        body = {"status": "stuck" if stuck else "ok", "stuck": stuck, "loops": [_tick(tick) for tick in ticks]}
        return JSONResponse(body, _UNAVAILABLE if stuck else _FINE, _FRESH)

    async def ready(self, _request: Request) -> Response:
        """Ready means that nothing stands against giving it work."""
        findings = self._source.ready()
        ready = all(finding.level is not Level.ERROR for finding in findings)
        body = {"status": "ready" if ready else "not ready", "findings": [asdict(finding) for finding in findings]}
        return JSONResponse(body, _FINE if ready else _UNAVAILABLE, _FRESH)

    async def metrics(self, request: Request) -> Response:
        """The metrics in Prometheus' text format."""
        if not await self._admits(request):
            return Response(status_code=_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        return Response(self._metrics.text(), media_type=CONTENT_TYPE, headers=_FRESH)

    async def _admits(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not self._key:
            return True
        if scheme != "Bearer":
            return False
        return hmac.compare_digest(token.encode(), self._key.encode()) or await self._others(token)


def _tick(tick: LoopTick) -> dict[str, str | float]:
    return {"name": tick.name, "age_seconds": round(tick.age, 3), "limit_seconds": tick.limit}
