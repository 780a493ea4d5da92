"""Rendering a job's page into a file, with the engine's errors in the terms of this service."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from millhand.core.context import Context
from millhand.core.errors import MillhandError, Permanent, Transient
from millhand.core.resource import Resource, resource
from millhand.engines.chromium import install
from millhand.engines.chromium.errors import BadPage, PageTooDemanding
from millhand.engines.chromium.values import Exported
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.options import PictureOptions, WaitOptions
from millhand.handlers.pages.order import order_of
from millhand.handlers.pages.settings import PageSettings
from millhand.services.page_export.job import ExportMap
from millhand.services.page_export.page import FAILED, READY, render_url
from millhand.services.page_export.print_size import PrintSize
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.page_export.status_api import is_fatal

if TYPE_CHECKING:
    from collections.abc import Generator

    from millhand.engines.chromium.engine import Chromium

Format = Literal["png", "pdf"]
_RENDERING_FROM, _RENDERING_TO = 0.05, 0.9
_SAYS = "The page says that it failed: "


class RenderFailed(Transient):
    """The page could not be rendered, for now: it said so itself, or it was not ready in time."""

    default_code = "render_failed"


class BadRender(Permanent):
    """What was rendered, or what the page says of the map, can't be right, and will not be."""

    default_code = "bad_render"


def browser_of(page_settings: PageSettings, own: PageExportSettings) -> "Resource[Chromium]":
    """A browser for an executor, which may reach the render server and, of private hosts, no other."""
    named = page_settings.engine.allowed_hosts | {own.render_host}
    settings = replace(page_settings.engine, allowed_hosts=named)

    @resource
    @contextmanager
    def browser(workdir: Path) -> "Generator[Chromium]":
        install.require_playwright()
        # Here and not above: Playwright is an extra, and jobs are sent where it is not installed.
        from millhand.engines.chromium.engine import Chromium  # noqa: PLC0415

        engine = Chromium(settings, workdir)
        try:
            yield engine
        finally:
            engine.close()

    return browser


def page_of(job: ExportMap, size: PrintSize, made: Format, own: PageExportSettings) -> ExportPage:
    """The page to export, in the terms of `page.export`."""
    return ExportPage(
        url=render_url(own.render_url, job),
        target=f"file:///{job.print_job_id}.{made}",
        size=size.text,
        dpi=job.printable_map_data.dpi or own.export_dpi,
        bleed=own.export_bleed,
        wait=WaitOptions(expression=READY, failed=FAILED, fonts=own.export_fonts),
        picture=PictureOptions(profile=True),
    )


def rendered(ctx: Context, engine: "Chromium", page: ExportPage, target: Path, settings: PageSettings) -> Exported:
    """Render a page into a file and check it; raises what the engine raises, `RenderFailed` or `BadRender`."""
    order = order_of(page, page.url)

    def progress(share: float, text: str) -> None:
        ctx.progress(_RENDERING_FROM + share * (_RENDERING_TO - _RENDERING_FROM), text)

    try:
        exported = engine.export(order, target, settings.page, lambda: ctx.cancelled, progress)
    except (BadPage, PageTooDemanding) as error:
        raise _translated(error) from error
    wanted = (getattr(order.output, "width", None), getattr(order.output, "height", None))
    if page.made == "png" and (exported.width, exported.height) != wanted:
        raise BadRender(
            f"Validation failed: expected {wanted[0]}x{wanted[1]}px, got {exported.width}x{exported.height}px"
        )
    return exported


def _translated(error: MillhandError) -> MillhandError:
    """A page that gives up or is slow may do better the next time, unless its words are known to be final."""
    if error.code == "page_too_slow":
        return RenderFailed(error.message, hint=error.hint)
    if error.code != "page_failed":
        return error
    message = f"Render failed: {error.message.removeprefix(_SAYS)}"
    return BadRender(message) if is_fatal(message) else RenderFailed(message)
