"""The ways to export a page that are measured."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from playwright.sync_api import Browser, Playwright, sync_playwright

from bench.pages.sheets import Sheet
from bench.results import Contender
from millhand.engines.chromium import install
from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.site import of_html
from millhand.engines.chromium.values import ChromiumSettings, PageLimits
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.order import order_of

NAME = "millhand"
_LIMITS = PageLimits(seconds=300.0)
_NO_LIMIT = 0  # milliseconds, to Playwright


class Exporter(ABC):
    """Exports one sheet after another as PNG. Use it as a context manager."""

    contender: Contender

    def start(self) -> None:  # noqa: B027 - there may be nothing to do
        """Do what must be done before the first sheet; raises `EngineMissing`."""

    @abstractmethod
    def export(self, sheet: Sheet, target: Path) -> None:
        """Write the sheet's picture."""

    def close(self) -> None:  # noqa: B027 - as above
        """End what was started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WarmExporter(Exporter):
    """The engine as the handler drives it, without the queue."""

    contender = Contender(NAME, "a warm browser, pictures in strips, each join proven, 300 dpi written into the file")

    def __init__(self) -> None:
        self._engine = Chromium(ChromiumSettings())

    def start(self) -> None:
        """Start the browser."""
        install.require_playwright()
        self._engine.warm_up()

    def export(self, sheet: Sheet, target: Path) -> None:
        """Export it."""
        _export(self._engine, sheet, target)

    def close(self) -> None:
        """End the browser."""
        self._engine.close()


class FreshExporter(Exporter):
    """The same engine, but nothing is kept from one page to the next."""

    contender = Contender("a browser for each page", "the same engine, started and ended for each page", NAME)

    def start(self) -> None:
        """See whether it could start."""
        install.require_playwright()
        install.find()

    def export(self, sheet: Sheet, target: Path) -> None:
        """Start, export, end."""
        engine = Chromium(ChromiumSettings())
        try:
            _export(engine, sheet, target)
        finally:
            engine.close()


class ScreenshotExporter(Exporter):
    """The obvious way: a warm Playwright, a page of the right size and resolution, and its screenshot."""

    contender = Contender("plain screenshot", "a warm browser, Playwright's `page.screenshot` of the whole", NAME)

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def start(self) -> None:
        """Start the same browser with Playwright's own settings."""
        install.require_playwright()
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=install.find())

    def export(self, sheet: Sheet, target: Path) -> None:
        """Take the screenshot."""
        if self._browser is None:
            raise RuntimeError("it was not started")
        width, height = sheet.css
        page = self._browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=sheet.dpi / 96)
        try:
            page.set_content(sheet.html)
            page.screenshot(path=target, timeout=_NO_LIMIT)
        finally:
            page.close()

    def close(self) -> None:
        """End the browser and its driver."""
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()


def _export(engine: Chromium, sheet: Sheet, target: Path) -> None:
    args = ExportPage(
        html=sheet.html, target=f"memory://bench/{target.name}", size="{}x{}px".format(*sheet.css), dpi=sheet.dpi
    )
    engine.export(order_of(args, of_html(args.html)), target, _LIMITS)
