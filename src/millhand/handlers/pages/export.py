"""The kind `page.export`: a page, inline HTML or an uploaded bundle becomes a picture or PDF of a physical size."""

from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from millhand.core.context import Context
from millhand.core.errors import JobCancelled
from millhand.core.limits import Limits
from millhand.core.registry import Registry
from millhand.core.resource import Resource, resource
from millhand.core.retry import RetryPolicy
from millhand.engines.chromium import install
from millhand.engines.chromium.site import Site, of_html
from millhand.engines.chromium.values import Exported
from millhand.handlers.pages import bundle
from millhand.handlers.pages.args import MEDIA_TYPES, ExportedPage, ExportPage, PageFont
from millhand.handlers.pages.order import order_of
from millhand.handlers.pages.settings import PageSettings

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

    from millhand.engines.chromium.engine import Chromium


def pages(settings: PageSettings) -> Registry:
    """The page kinds, with these settings."""
    registry = Registry()
    limits = Limits(hard=settings.hard_seconds, memory=settings.executor_memory)

    @resource
    @contextmanager
    def browser(workdir: Path) -> "Generator[Chromium]":
        install.require_playwright()
        # Here and not above, so that millhand works where Playwright, an extra, is not installed.
        from millhand.engines.chromium.engine import Chromium  # noqa: PLC0415

        engine = Chromium(settings.engine, workdir)
        try:
            yield engine
        finally:
            engine.close()

    @registry.handler(retry=RetryPolicy(max_attempts=3), limits=limits)
    def export_page(ctx: Context, args: ExportPage) -> ExportedPage:
        """Export a web page as a picture or a PDF of a physical size."""
        return _Export(ctx, args, settings, browser).run()

    return registry


class _Export:
    """One page on its way to a file."""

    def __init__(self, ctx: Context, args: ExportPage, settings: PageSettings, browser: "Resource[Chromium]") -> None:
        self._ctx = ctx
        self._args = args
        self._settings = settings
        self._browser = browser

    def run(self) -> ExportedPage:
        ctx, args = self._ctx, self._args
        path = ctx.scratch / f"page.{args.made}"
        with self._source() as source:
            order = order_of(args, source)
            engine = ctx.use(self._browser)
            exported = engine.export(order, path, self._settings.page, lambda: ctx.cancelled, ctx.progress)
        for notice in exported.notices:
            ctx.log.warning(notice)
        if ctx.cancelled:
            raise JobCancelled("cancelled before the file was saved")
        ctx.progress(0.95, "saving the file")
        return self._saved(path, exported)

    def _source(self) -> "AbstractContextManager[str | Site]":
        args = self._args
        if args.url:
            return nullcontext(args.url)
        if args.html:
            return nullcontext(of_html(args.html))
        self._ctx.progress(0.0, "fetching the bundle")
        limits = self._settings.bundle
        path = self._ctx.wait(self._ctx.fetch(args.bundle, "bundle.zip", max_bytes=limits.size))
        return bundle.opened(path, args.start, limits)

    def _saved(self, path: Path, exported: Exported) -> ExportedPage:
        args = self._args
        picture = exported.width is not None
        dpi = args.resolution if picture else None
        facts = (
            {"width": exported.width, "height": exported.height, "dpi": dpi} if picture else {"pages": exported.pages}
        )
        saved = self._ctx.wait(
            self._ctx.save(
                path,
                args.target,
                name=args.name,
                media_type=MEDIA_TYPES[args.made],
                engine="chromium",
                **facts,
            )
        )
        self._ctx.progress(1.0, f"{exported.width} x {exported.height}" if picture else f"{exported.pages} pages")
        return ExportedPage(
            url=saved.url,
            format=args.made,
            size=saved.size,
            sha256=saved.sha256,
            width=exported.width,
            height=exported.height,
            dpi=dpi,
            strips=exported.strips,
            pages=exported.pages,
            page_url=exported.url,
            status=exported.status,
            engine_version=exported.version,
            seconds=round(exported.seconds, 3),
            transferred=exported.transferred,
            fonts=[PageFont(family=font.family, web=font.web) for font in exported.fonts],
            notices=list(exported.notices),
        )
