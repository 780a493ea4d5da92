"""The page exporter as a service: what its variables mean for millhand's settings, its kind, and its voice."""

from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from millhand.app.app import App
from millhand.app.handler_settings import page_settings
from millhand.blobs.replace import remove_old_drafts
from millhand.config import Settings, beneath, over
from millhand.core.clock import MICROSECONDS, SystemClock
from millhand.core.context import Context
from millhand.core.limits import Limits
from millhand.core.registry import Registry
from millhand.core.retry import RetryPolicy
from millhand.services.page_export import checks
from millhand.services.page_export.export import Export
from millhand.services.page_export.farewell import Farewell
from millhand.services.page_export.job import KIND, ExportMap
from millhand.services.page_export.metrics import FACTS, ExportMetrics
from millhand.services.page_export.naming import folder_of
from millhand.services.page_export.narration import Narrator
from millhand.services.page_export.rendering import browser_of
from millhand.services.page_export.result import ExportedMap
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.page_export.status_api import StatusApi
from millhand.services.service import Service, Told
from millhand.telemetry.metrics import Metrics

_ORIGIN = "service page-export"
_POSTGRES = frozenset({"postgres", "postgresql"})
_STORES = ("s3://", "az://", "azure://")
_OLD_DRAFT = 3_600.0
_CALLS = 150.0
"""Seconds that the calls to the API may take beside the page, over all their tries."""

# As the original producer asks pg-boss for it: three retries, with twice the wait each time.
_RETRY = RetryPolicy(max_attempts=4, delays=(60.0, 120.0, 240.0), jitter=0.25)


def adapted(general: Settings, own: PageExportSettings) -> Settings:
    """Millhand's settings for a worker that is this service."""
    values: dict[str, object] = {"worker.queues": (KIND,), "worker.executors": 1}
    if own.puppeteer_executable_path:
        values["chromium.executable"] = own.puppeteer_executable_path
    told = _with_queue(beneath(general, values, _ORIGIN), own)
    return _with_place(told, own)


def _with_queue(settings: Settings, own: PageExportSettings) -> Settings:
    """Take jobs from pg-boss, and keep history in a database of our own: none of our tables go into somebody else's."""
    parts = urlsplit(own.queue_url)
    if parts.scheme not in _POSTGRES:
        return settings
    query = urlencode([*parse_qsl(parts.query), ("schema", own.pgboss_schema)], quote_via=quote)
    broker = urlunsplit(("pgboss+postgresql", parts.netloc, parts.path, query, ""))
    told = beneath(settings, {"broker": broker}, "environment DATABASE_URL")
    if settings.origin("database") != "environment DATABASE_URL":
        return told
    return over(told, {"database": f"sqlite:///{settings.data_dir.as_posix()}/millhand.db"}, _ORIGIN)


def _with_place(settings: Settings, own: PageExportSettings) -> Settings:
    """Jobs may write where exports go, and nowhere else unless it was named."""
    origin = "environment EXPORT_DIR" if own.export_dir else _ORIGIN
    folder = folder_of(own.exports)
    named = () if settings.origin("blob_roots") == "default" else settings.blob_roots
    if folder is not None:
        return over(settings, {"blob_roots": (*named, folder)}, origin)
    prefixes = (*settings.blobs.prefixes, *([own.exports] if own.exports.startswith(_STORES) else []))
    return over(settings, {"blob_roots": named, "blobs.prefixes": prefixes}, origin)


def kinds(told: Told[PageExportSettings]) -> App:
    """The kind `export-map`, and the observer that tells the API of failures."""
    registry = Registry()
    pages = page_settings(told.general.chromium)
    limits = Limits(hard=pages.hard_seconds + _CALLS, memory=pages.executor_memory)
    parts = _Parts(told)

    @registry.handler(retry=_RETRY, limits=limits)
    def export_map(ctx: Context, args: ExportMap) -> ExportedMap:
        """Export a map's page at print size, and tell the API server how it goes."""
        return parts.export(ctx, args).run()

    def farewell(_: Metrics) -> Farewell:
        return Farewell(told)

    app = App()
    app.include(registry)
    app.observers.append(farewell)
    return app


class _Parts:
    """What all exports of an executor share; made by the first one, which is when the variables are read."""

    def __init__(self, told: Told[PageExportSettings]) -> None:
        self._told = told
        self._pages = page_settings(told.general.chromium)
        self._browser = None

    def export(self, ctx: Context, job: ExportMap) -> Export:
        own = self._told.own
        if self._browser is None:
            self._browser = browser_of(self._pages, own)
            _tidy(folder_of(own.exports))
        api = StatusApi(own.api_url, own.caller)
        return Export(ctx, job, own=own, pages=self._pages, browser=self._browser, api=api)


def _tidy(folder: Path | None) -> None:
    """Remove what killed workers left half-written; an hour is more than any file takes."""
    if folder is not None and folder.is_dir():
        remove_old_drafts(folder, SystemClock().now() / MICROSECONDS - _OLD_DRAFT)


def voice(told: Told[PageExportSettings], app: App) -> None:
    """The log lines and metrics of the original worker, and checks for the doctor."""

    def narrator(_: Metrics) -> Narrator:
        return Narrator()

    app.observers += [narrator, ExportMetrics]
    app.checks += [partial(check, told) for check in checks.CHECKS]


SERVICE = Service(
    name="page-export",
    summary="Export web pages at print size for an application that sends `export-map` jobs with pg-boss.",
    settings=PageExportSettings,
    adapt=adapted,
    kinds=kinds,
    voice=voice,
    guide="run-the-page-exporter",
    metrics=FACTS,
)
