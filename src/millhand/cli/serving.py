"""Running a worker, or the API alone, in the foreground: start-up checks, HTTP, signals, and how it ended in words."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace

import structlog
from starlette.types import ASGIApp

from millhand.app.app import App
from millhand.app.loading import BUILT_IN
from millhand.app.running import Worker, open_worker
from millhand.cli.cells import duration
from millhand.cli.exit_codes import ExitCode
from millhand.cli.output import Output
from millhand.cli.session import Session
from millhand.config import Flag, Settings, check, refuse_contradictions
from millhand.core.errors import ConfigError
from millhand.core.finding import Level
from millhand.core.health import HealthSource
from millhand.core.redact import redact_text
from millhand.core.words import count_of
from millhand.telemetry.logging import LogFormat
from millhand.telemetry.metrics import Metrics
from millhand.web.health import health_app
from millhand.web.pulse import Pulse
from millhand.web.serve import HttpServer
from millhand.worker.dispatcher import Drained
from millhand.worker.signals import on_signals

Activity = Callable[[Worker], Awaitable[bool]]
"""What goes on beside the worker; when it returns, the worker drains, and the answer says whether all went well."""

Web = Callable[[Output, App, HealthSource, Metrics], AbstractAsyncContextManager[Sequence[str]]]
"""Serves something over HTTP while it is entered; gives the lines that tell of it."""

_LOG_LEVEL = "log.level"
_PROBES = "health   {url}/health   {url}/ready   {url}/metrics"
_log = structlog.get_logger("millhand.worker")


async def serve(
    session: Session, flags: list[Flag], activity: Activity | None = None, *, level: str, web: Web | None = None
) -> ExitCode:
    """Work until a signal, or until the activity is over; returns the exit code. Raises what stops it from starting.

    `level` is the least grave level of log lines, unless the settings name one; `web` is what is served beside, if not
    the probes alone.
    """
    app = session.app(*flags)
    settings = app.settings
    output = _prepare(session, app, level)
    async with (
        open_worker(app, settings.app or BUILT_IN) as worker,
        (web or probes)(output, app, worker, worker.metrics) as places,
    ):
        _greet(output, settings, places)
        drained, well = await _work(output, worker, settings, activity)
    _say_goodbye(output, drained)
    return ExitCode.DONE if well and not drained.interrupted else ExitCode.NO


async def serve_only(session: Session, flags: list[Flag]) -> ExitCode:
    """Serve over HTTP and do no jobs, until a signal. Raises what stops it from starting."""
    app = session.app(*flags)
    output = _prepare(session, app, "info")
    if not (app.settings.http.enabled and app.settings.api.enabled):
        raise ConfigError("there is nothing to serve", hint="Set http.host, and api.enabled to true.")
    stopped = asyncio.Event()
    async with app:
        pulse = Pulse((await app.backend()).inspector.workers, app.clock)
        async with everything(output, app, pulse, Metrics()) as places:
            beating = asyncio.create_task(pulse.run())
            output.say(f"millhand serves {redact_text(app.settings.broker or app.settings.database)}, and does no jobs")
            _tell(output, places)
            output.say("Ctrl-C stops it.")
            with on_signals(stopped.set, stopped.set):
                await stopped.wait()
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
    return ExitCode.DONE


def _prepare(session: Session, app: App, level: str) -> Output:
    """Set up the log, and check the settings; returns what words go to. Raises `ConfigError`."""
    settings = app.settings
    chosen = settings.origin(_LOG_LEVEL) != "default"
    session.log_to_stderr(settings.log.level if chosen else level, settings.log.format)
    # Who reads JSON lines wants nothing else among them.
    output = replace(session.output, voice=_log.info) if settings.log.format == LogFormat.JSON else session.output
    if output.verbose:
        _tell_doubts(output, app)
    refuse_contradictions(settings, app.registry)
    return output


async def _work(output: Output, worker: Worker, settings: Settings, activity: Activity | None) -> tuple[Drained, bool]:
    stop = _Stop(output, worker, settings.worker.grace)
    with on_signals(stop.first, stop.second):
        running = asyncio.create_task(worker.run())
        if activity is None:
            return await running, True
        beside = asyncio.ensure_future(activity(worker))
        try:
            await asyncio.wait({running, beside}, return_when=asyncio.FIRST_COMPLETED)
            well = not beside.done() or beside.result()
        finally:
            worker.dispatcher.drain()
            beside.cancel()
            with suppress(asyncio.CancelledError):
                await beside
            drained = await running
        return drained, well


class _Stop:
    """Says what a signal brings about, and brings it about."""

    def __init__(self, output: Output, worker: Worker, grace: float) -> None:
        self._output = output
        self._worker = worker
        self._grace = grace

    def first(self) -> None:
        """Drain."""
        running = len(self._worker.dispatcher.holdings)
        if running:
            jobs, grace = count_of(running, "job"), duration(self._grace)
            self._output.say(f"Draining: {jobs} may take up to {grace} to end. Ctrl-C again to abort.")
        self._worker.dispatcher.drain()

    def second(self) -> None:
        """Abort."""
        held = [holding.job_id for holding in self._worker.dispatcher.holdings]
        self._output.complain(
            f"Aborting. {count_of(len(held), 'job')} will be delivered again: {', '.join(held) or 'none'}"
        )
        self._worker.dispatcher.abort()


def _tell_doubts(output: Output, app: App) -> None:
    """Tell what does not quite fit together in the settings."""
    for finding in check(app.settings, app.registry):
        if finding.level is Level.WARNING:
            output.say(f"{output.coloured('warning:', 'yellow')} {finding.finding} {finding.fix}")


@asynccontextmanager
async def probes(output: Output, app: App, health: HealthSource, metrics: Metrics) -> AsyncGenerator[list[str]]:
    """Serve health and metrics, if a port is wanted; gives what there is to tell of it."""
    http = app.settings.http
    if not http.enabled:
        yield []
        return
    routes = health_app(health, metrics, key=http.key.get_secret_value())
    async with _listening(output, routes, app.settings) as url:
        yield [_PROBES.format(url=url)]


@asynccontextmanager
async def everything(output: Output, app: App, health: HealthSource, metrics: Metrics) -> AsyncGenerator[list[str]]:
    """Serve the dashboard and the API beside health and metrics, unless the settings switch them off."""
    from millhand.web.site import open_site

    if not (app.settings.http.enabled and app.settings.api.enabled):
        async with probes(output, app, health, metrics) as places:
            yield places
        return
    site = await open_site(app, health, metrics)
    gc.freeze()  # all that is loaded stays: looking for cycles in it, Python spent a third of the time of a page
    async with _listening(output, site.asgi, app.settings) as origin, site.running():
        url = origin + app.settings.proxy.path_prefix
        yield [f"look at  {url}/", _PROBES.format(url=url), f"API      {url}/v1/openapi.json"]


@asynccontextmanager
async def _listening(output: Output, routes: ASGIApp, settings: Settings) -> AsyncGenerator[str]:
    """Serve on the port; a default port that is taken gives way to a free one."""
    http = settings.http
    server = HttpServer(routes, http.host, http.port)
    try:
        await server.__aenter__()
    except ConfigError:
        if settings.origin("http.port") != "default":
            raise
        output.say(f"Port {http.port} is taken, so a free one is used.")
        server = HttpServer(routes, http.host, 0)
        await server.__aenter__()
    try:
        yield server.url
    finally:
        await server.__aexit__(None, None, None)


def _greet(output: Output, settings: Settings, places: Sequence[str]) -> None:
    count = settings.worker.executor_count
    queues = ", ".join(settings.worker.queues) or "all queues"
    executors = count_of(count, "executor")
    output.say(f"millhand works with {executors} on {queues} of {redact_text(settings.broker or settings.database)}")
    _tell(output, places)
    output.say("Ctrl-C stops it: running jobs end first.")


def _tell(output: Output, places: Sequence[str]) -> None:
    for place in places:
        output.say(place)


def _say_goodbye(output: Output, drained: Drained) -> None:
    words = f"Stopped after {count_of(drained.settled, 'job')}."
    if drained.interrupted:
        words += f" {count_of(drained.interrupted, 'job')} had to be interrupted and will run again."
    output.say(words)
