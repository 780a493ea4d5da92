"""One export in a browser: watched while it works, and ended with its reason where it asks for too much."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from millhand.core.errors import MillhandError
from millhand.engines.chromium import fonts
from millhand.engines.chromium.browser import RunningBrowser
from millhand.engines.chromium.errors import PageCrashed, PageTooDemanding, PageUnstable
from millhand.engines.chromium.gate import Gate
from millhand.engines.chromium.picture import Photographer, first_shown
from millhand.engines.chromium.printing import print_page
from millhand.engines.chromium.protocol import PageProtocol, ScriptError
from millhand.engines.chromium.ready import Phase
from millhand.engines.chromium.values import ChromiumSettings, Exported, FontUse, PageLimits, PageOrder, Picture
from millhand.engines.chromium.visit import Visit, new_context

LOOK_EVERY = 0.1
"""Seconds between looks at memory, crashes and cancellation."""
_CLOSE_SECONDS = 3.0
_LONGEST_URL = 2_000  # characters: scripts can make it as long as they like
_WENT_ON = "Not attached to an active page"  # in Chromium's words


@dataclass(frozen=True)
class Told:
    """What an attempt is told: the order, where its file goes, and the bounds."""

    order: PageOrder
    target: Path
    limits: PageLimits
    settings: ChromiumSettings


@dataclass(frozen=True)
class _Made:
    """Size and strips of a picture, or the pages of a PDF."""

    width: int | None = None
    height: int | None = None
    strips: int = 1
    pages: int | None = None


class Attempt:
    """One order in one browser, through one gate."""

    def __init__(self, running: RunningBrowser, gate: Gate, told: Told, phase: Phase) -> None:
        self._running = running
        self._gate = gate
        self._told = told
        self._phase = phase
        self._visit = Visit(told.order, gate, phase)
        self._stopping = False

    async def run(self) -> Exported:
        """Export, and end the browser where it takes too much or the page can't be closed any more."""
        working = asyncio.create_task(self._work())
        watching = asyncio.create_task(self._excess())
        try:
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopping or not working.done():
                raise await watching
            return await working
        finally:
            watching.cancel()
            working.cancel()
            await asyncio.gather(watching, working, return_exceptions=True)

    async def _excess(self) -> MillhandError:
        """Come back with the reason to stop, if there ever is one."""
        running, limits, exceeded = self._running, self._told.limits, self._gate.exceeded
        while not exceeded.is_set():
            if self._visit.crashed.is_set() or not running.usable:
                return PageCrashed("The browser, or the page's process in it, ended while it worked on the page.")
            if running.memory() > limits.memory:
                shared = running.users > 1
                self._stopping = True  # from now on everything fails, for this reason
                await asyncio.to_thread(running.kill)
                if shared:
                    return PageCrashed("The browser was ended: its pages took too much memory together.")
                return PageTooDemanding(f"The page takes more than {limits.memory >> 20} MiB of memory.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(exceeded.wait(), LOOK_EVERY)
        return PageTooDemanding(f"The page loads more than {limits.transfer >> 20} MiB.")

    async def _work(self) -> Exported:
        began = time.monotonic()
        try:
            context = await self._context()
            try:
                shown = first_shown(self._told.order.view, self._told.settings)
                protocol = await self._visit.open(self._running, context, shown)
                used: tuple[FontUse, ...] = ()
                with contextlib.suppress(PlaywrightError):  # a page that moves on has none that could be told
                    used = await fonts.used(protocol)
                made = await self._made(protocol)
            finally:
                await self._closed(context.close())
        except PlaywrightError as error:
            # What nobody here closed went with the browser, or with its driver, of which Playwright says nothing else.
            self._running.broken = self._running.broken or "closed" in error.message
            first = error.message.splitlines()[0]
            if _WENT_ON in first:
                raise PageUnstable(f"The page went on to another one while {self._phase.doing}.") from error
            raise PageCrashed(f"The browser failed while {self._phase.doing}: {first}") from error
        except ScriptError as error:
            raise PageCrashed(f"The page broke while {self._phase.doing}: {error}") from error
        return Exported(
            url=self._visit.url[:_LONGEST_URL],
            status=self._visit.status,
            version=self._running.browser.version,
            seconds=time.monotonic() - began,
            transferred=self._gate.traffic.transferred,
            width=made.width,
            height=made.height,
            strips=made.strips,
            pages=made.pages,
            fonts=used,
            notices=self._visit.notices(),
        )

    async def _context(self) -> BrowserContext:
        try:
            return await new_context(self._running, self._told.order.view, self._gate)
        except PlaywrightError:
            # A browser that can't even do this, or whose driver is gone, is of no use to the next page either.
            self._running.broken = True
            raise

    async def _made(self, protocol: PageProtocol) -> _Made:
        order, target = self._told.order, self._told.target
        if isinstance(order.output, Picture):
            bounds = (self._told.settings, self._told.limits)
            taken = await Photographer(protocol, order.view, order.output, bounds, self._phase).take(target)
            return _Made(taken.width, taken.height, taken.strips)
        self._phase.reach(0.3, "printing it")
        printed = await print_page(protocol, order.output, self._told.limits, target)
        return _Made(pages=printed.pages)

    async def _closed(self, closing: Coroutine[object, object, None]) -> None:
        """Close a context; one that does not close takes its browser with it, so that a stuck page can't stay."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await closing
        except TimeoutError:
            await asyncio.to_thread(self._running.kill)
        except PlaywrightError:
            return
