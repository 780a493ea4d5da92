"""The Chromium engine: one warm browser for a process of millhand, a fresh context for each page.

Everything asynchronous lives in a thread of the engine's own, so that plain handlers in any number of threads share it.
"""

import asyncio
import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from millhand.core.errors import JobCancelled, MillhandError
from millhand.engines.chromium.browser import Keeper, RunningBrowser
from millhand.engines.chromium.errors import AddressRefused, PageCrashed, PageTooDemanding
from millhand.engines.chromium.gate import Gate
from millhand.engines.chromium.picture import Photographer
from millhand.engines.chromium.printing import print_page
from millhand.engines.chromium.protocol import PageProtocol, ScriptError
from millhand.engines.chromium.reach import reach
from millhand.engines.chromium.ready import Phase
from millhand.engines.chromium.site import Site, of_html
from millhand.engines.chromium.values import ChromiumSettings, Exported, PageLimits, PageOrder, Picture, View
from millhand.engines.chromium.visit import Visit, new_context

T = TypeVar("T")

_LOOK_EVERY = 0.1  # seconds between looks at memory and cancellation
_CLOSE_SECONDS = 5.0
_CANARY = View(64, 64, 96)
_CANARY_LIMITS = PageLimits(seconds=60.0)


class Chromium:
    """Chromium for one process of millhand. Any number of threads may call `export` at once.

    Nothing is started before the first page. Close it when done: that ends everything it started.
    """

    def __init__(self, settings: ChromiumSettings) -> None:
        self._settings = settings
        self._keeper = Keeper(settings)
        self._reach = reach(settings.allowed_hosts)
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def export(
        self,
        order: PageOrder,
        target: Path,
        limits: PageLimits,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Exported:
        """Write what the order asks for to `target`.

        Raises EngineMissing; AddressRefused, BadPage, PageTooDemanding (all permanent); PageUnreachable, PageCrashed,
        PageUnstable and other EngineFailed (transient); JobCancelled when `cancelled()` became true.
        """
        if isinstance(order.source, str) and urlsplit(order.source).scheme not in {"http", "https"}:
            raise AddressRefused("Only http and https addresses can be exported.", hint="Upload files as a bundle.")
        working = self._submit(self._export(order, target, limits))
        while not working.done():
            if cancelled():
                working.cancel()
            with contextlib.suppress(TimeoutError, FutureCancelledError):
                working.exception(_LOOK_EVERY)
        if working.cancelled():
            raise JobCancelled("cancelled while the page was exported")
        return working.result()

    @property
    def browser_pid(self) -> int | None:
        """The process id of the warm browser, None if there is none."""
        return self._keeper.pid

    def warm_up(self) -> None:
        """Export a canary now, so that the first page finds every part running. Raises as `export` does."""
        order = PageOrder(of_html("<p>canary"), _CANARY, Picture("png", _CANARY.width, _CANARY.height))
        with tempfile.TemporaryDirectory(prefix="millhand-chromium-") as folder:
            self.export(order, Path(folder) / "canary.png", _CANARY_LIMITS)

    def close(self) -> None:
        """End the browser and the engine's thread. May be called again."""
        with self._starting:
            if self._loop is None or self._thread is None:
                return
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = None

    def _submit(self, work: Coroutine[object, object, T]) -> "Future[T]":
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # One is enough: it packs a strip while the browser draws the next.
                self._loop.set_default_executor(ThreadPoolExecutor(1, "millhand-chromium-packer"))
                self._thread = threading.Thread(target=self._loop.run_forever, name="millhand-chromium", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _end(self) -> None:
        await self._keeper.close()
        await asyncio.get_running_loop().shutdown_default_executor()

    async def _export(self, order: PageOrder, target: Path, limits: PageLimits) -> Exported:
        phase = Phase()
        try:
            async with asyncio.timeout(limits.seconds):
                async with self._keeper.browser() as running:
                    return await self._watched(running, order, target, limits, phase)
        except TimeoutError as error:
            raise PageTooDemanding(
                f"The page was not done after {limits.seconds:g} s: it was stopped while {phase.doing}.",
                code="page_too_slow",
            ) from error

    async def _watched(
        self, running: RunningBrowser, order: PageOrder, target: Path, limits: PageLimits, phase: Phase
    ) -> Exported:
        """Export, and end the browser where it takes too much or the page can't be closed any more."""
        site = order.source if isinstance(order.source, Site) else None
        async with Gate(self._reach, site, limits.transfer) as gate:
            visit = Visit(order, gate, phase)
            working = asyncio.create_task(_work(running, visit, gate, (order, target, limits, self._settings), phase))
            watching = asyncio.create_task(_excess(running, visit, gate, limits))
            try:
                await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
                if not working.done():
                    raise watching.result()
                return await working
            finally:
                watching.cancel()
                working.cancel()
                await asyncio.gather(watching, working, return_exceptions=True)


async def _excess(running: RunningBrowser, visit: Visit, gate: Gate, limits: PageLimits) -> MillhandError:
    """Come back with the reason to stop, if there ever is one."""
    while not gate.exceeded.is_set():
        if visit.crashed.is_set() or not running.usable:
            return PageCrashed("The browser, or the page's process in it, ended while it worked on the page.")
        if running.memory() > limits.memory:
            shared = running.users > 1
            await asyncio.to_thread(running.kill)
            if shared:
                return PageCrashed("The browser was ended: its pages took too much memory together.")
            return PageTooDemanding(f"The page takes more than {limits.memory >> 20} MiB of memory.")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gate.exceeded.wait(), _LOOK_EVERY)
    return PageTooDemanding(f"The page loads more than {limits.transfer >> 20} MiB.")


async def _work(
    running: RunningBrowser,
    visit: Visit,
    gate: Gate,
    told: tuple[PageOrder, Path, PageLimits, ChromiumSettings],
    phase: Phase,
) -> Exported:
    began = time.monotonic()
    try:
        context = await _context(running, told[0].view, gate)
        try:
            protocol = await visit.open(context)
            phase.doing = "capturing it"
            made = await _made(protocol, *told)
        finally:
            await _closed(running, context.close())
    except PlaywrightError as error:
        # What nobody here closed went with the browser, or with its driver, of which Playwright says nothing else.
        running.broken = running.broken or "closed" in error.message
        raise PageCrashed(f"The browser failed while {phase.doing}: {error.message.splitlines()[0]}") from error
    except ScriptError as error:
        raise PageCrashed(f"The page broke while {phase.doing}: {error}") from error
    width, height, strips, pages = made
    return Exported(
        url=visit.url,
        status=visit.status,
        version=running.browser.version,
        seconds=time.monotonic() - began,
        transferred=gate.traffic.transferred,
        width=width,
        height=height,
        strips=strips,
        pages=pages,
        notices=visit.notices(),
    )


async def _context(running: RunningBrowser, view: View, gate: Gate) -> BrowserContext:
    try:
        return await new_context(running, view, gate)
    except PlaywrightError:
        # A browser that can't even do this, or whose driver is gone, is of no use to the next page either.
        running.broken = True
        raise


async def _made(
    protocol: PageProtocol, order: PageOrder, target: Path, limits: PageLimits, settings: ChromiumSettings
) -> tuple[int | None, int | None, int, int | None]:
    """Width, height and strips of the picture, or the pages of the PDF."""
    if isinstance(order.output, Picture):
        taken = await Photographer(protocol, order.view, order.output, settings, limits).take(target)
        return taken.width, taken.height, taken.strips, None
    printed = await print_page(protocol, order.output, limits, target)
    return None, None, 1, printed.pages


async def _closed(running: RunningBrowser, closing: Coroutine[object, object, None]) -> None:
    """Close a context; one that does not close takes its browser with it, so that a stuck page can't stay."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await closing
    except TimeoutError:
        await asyncio.to_thread(running.kill)
    except PlaywrightError:
        return
