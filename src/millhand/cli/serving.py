"""Running a worker in the foreground: start-up checks, its HTTP port, signals, and how it ended in words."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import structlog

from millhand.app.app import App
from millhand.app.loading import BUILT_IN
from millhand.app.running import Worker, open_worker
from millhand.cli.cells import duration
from millhand.cli.exit_codes import ExitCode
from millhand.cli.output import Output
from millhand.cli.session import Session
from millhand.config import Flag, Settings, check
from millhand.core.errors import ConfigError
from millhand.core.finding import Level
from millhand.core.redact import redact_text
from millhand.core.words import count_of
from millhand.telemetry.logging import LogFormat
from millhand.web.health import health_app
from millhand.web.serve import HttpServer
from millhand.worker.dispatcher import Drained
from millhand.worker.signals import on_signals

Activity = Callable[[Worker], Awaitable[bool]]
"""What goes on beside the worker; when it returns, the worker drains, and the answer says whether all went well."""

_LOG_LEVEL = "log.level"
_log = structlog.get_logger("millhand.worker")


async def serve(session: Session, flags: list[Flag], activity: Activity | None = None, *, level: str) -> ExitCode:
    """Work until a signal, or until the activity is over; returns the exit code. Raises what stops it from starting.

    `level` is the least grave level of log lines, unless the settings name one.
    """
    app = session.app(*flags)
    settings = app.settings
    chosen = settings.origin(_LOG_LEVEL) != "default"
    session.log_to_stderr(settings.log.level if chosen else level, settings.log.format)
    # Who reads JSON lines wants nothing else among them.
    output = replace(session.output, voice=_log.info) if settings.log.format == LogFormat.JSON else session.output
    _refuse_bad_settings(output, app)
    async with open_worker(app, settings.app or BUILT_IN) as worker, _http(output, worker, settings) as url:
        _greet(output, settings, url)
        drained, well = await _work(output, worker, settings, activity)
    _say_goodbye(output, drained)
    return ExitCode.DONE if well and not drained.interrupted else ExitCode.NO


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


def _refuse_bad_settings(output: Output, app: App) -> None:
    """Tell what does not fit together in the settings; raises `ConfigError` if a worker must not start so."""
    found = check(app.settings, app.registry)
    for finding in found:
        if finding.level is Level.WARNING and output.verbose:
            output.say(f"{output.coloured('warning:', 'yellow')} {finding.finding} {finding.fix}")
    errors = [finding for finding in found if finding.level is Level.ERROR]
    if errors:
        raise ConfigError(
            "\n".join(finding.finding for finding in errors), hint=" ".join(finding.fix for finding in errors)
        )


@asynccontextmanager
async def _http(output: Output, worker: Worker, settings: Settings) -> AsyncGenerator[str]:
    """The port for health and metrics, if it is wanted; a default port that is taken gives way to a free one."""
    http = settings.http
    if not http.enabled:
        yield ""
        return
    routes = health_app(worker, worker.metrics, key=http.key.get_secret_value())
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


def _greet(output: Output, settings: Settings, url: str) -> None:
    count = settings.worker.executor_count
    queues = ", ".join(settings.worker.queues) or "all queues"
    executors = count_of(count, "executor")
    output.say(f"millhand works with {executors} on {queues} of {redact_text(settings.broker or settings.database)}")
    if url:
        output.say(f"health   {url}/health   {url}/ready   {url}/metrics")
    output.say("Ctrl-C stops it: running jobs end first.")


def _say_goodbye(output: Output, drained: Drained) -> None:
    words = f"Stopped after {count_of(drained.settled, 'job')}."
    if drained.interrupted:
        words += f" {count_of(drained.interrupted, 'job')} had to be interrupted and will run again."
    output.say(words)
