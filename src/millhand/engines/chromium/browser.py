"""One running Chromium, and the keeper that replaces it when it is worn or gone."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import cdp, install
from millhand.engines.chromium.values import ChromiumSettings
from millhand.engines.meter import TreeMeter
from millhand.engines.process import kill_tree

_CLOSE_SECONDS = 5.0
_NOWHERE = "http://127.0.0.1:9"  # the discard port: what is not given a gate of its own reaches nothing


class RunningBrowser:
    """A Chromium with its driver and its files in `place`.

    `users` counts the pages that are open in it now, `pages` all that it had.
    """

    def __init__(self, playwright: Playwright, browser: Browser, pid: int, place: Path) -> None:
        self.browser = browser
        self.pid = pid
        self.place = place
        self.users = 0
        self.pages = 0
        self.broken = False
        self._playwright = playwright
        self._began = time.monotonic()
        self._meter = TreeMeter(pid)

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._began

    @property
    def usable(self) -> bool:
        """Whether another page may be opened in it."""
        return not self.broken and self.browser.is_connected() and _lives(self.pid)

    def memory(self) -> int:
        """Resident bytes of the browser and its processes now; shared pages count in each."""
        return self._meter.sample().memory

    @property
    def peak_memory(self) -> int:
        """The most of it that was measured."""
        return self._meter.peak_memory

    def kill(self) -> None:
        """End it and all its processes at once."""
        self.broken = True
        with contextlib.suppress(psutil.Error):
            processes = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
            kill_tree(self.pid)
            psutil.wait_procs(processes, timeout=_CLOSE_SECONDS)

    async def close(self) -> None:
        """End it in order, or by force where it does not listen; then its driver."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.browser.close()
        except (PlaywrightError, TimeoutError):
            await asyncio.to_thread(self.kill)
        with contextlib.suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._playwright.stop()
        await asyncio.to_thread(shutil.rmtree, self.place, ignore_errors=True)


class Keeper:
    """Keeps one warm browser, and replaces it by the settings' rules without ending the pages that are still in it.

    Browsers keep their files in folders within `folder`, or where temporary files are.
    """

    def __init__(self, settings: ChromiumSettings, folder: Path | None) -> None:
        self._settings = settings
        self._folder = folder
        self._current: RunningBrowser | None = None
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def browser(self) -> AsyncGenerator[RunningBrowser]:
        """A browser for one page; raises `EngineMissing`, or `EngineFailed` if it does not start."""
        async with self._starting:
            running = await self._fresh_enough()
            running.users += 1
            running.pages += 1
        try:
            yield running
        finally:
            running.users -= 1
            if running is not self._current and not running.users:
                await running.close()

    @property
    def pid(self) -> int | None:
        """The process id of the current browser, if there is one."""
        return self._current.pid if self._current is not None else None

    async def close(self) -> None:
        """End the browser."""
        if self._current is not None:
            await self._current.close()
            self._current = None

    async def _fresh_enough(self) -> RunningBrowser:
        current = self._current
        if current is not None and not self._worn(current):
            return current
        self._current = None
        if current is not None and not current.users:
            await current.close()
        self._current = await _start(self._settings, self._folder)
        return self._current

    def _worn(self, running: RunningBrowser) -> bool:
        told = self._settings
        return (
            not running.usable
            or running.pages >= told.recycle_pages
            or running.age >= told.recycle_seconds
            or (not running.users and running.memory() > told.recycle_memory)
        )


def _lives(pid: int) -> bool:
    """Whether the process runs: Playwright does not notice when its own driver is gone, and the browser with it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


async def _start(settings: ChromiumSettings, folder: Path | None) -> RunningBrowser:
    executable = install.find(settings.executable)
    sandbox = settings.sandbox == "on" or (settings.sandbox == "auto" and install.may_be_sandboxed())
    place = Path(tempfile.mkdtemp(prefix="millhand-chromium-", dir=folder))
    playwright: Playwright | None = None
    try:
        playwright = await async_playwright().start()
        context = await _launched(playwright, executable, place, settings, sandbox=sandbox)
        browser = _of(context)
        return RunningBrowser(playwright, browser, await _pid(browser), place)
    except BaseException as error:
        if playwright is not None:
            await playwright.stop()
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
        if not isinstance(error, PlaywrightError):
            raise
        hint = "In a container or as root its sandbox can't work: set chromium.sandbox to off." if sandbox else ""
        raise EngineFailed(f"Chromium does not start: {error.message.splitlines()[0]}", hint=hint) from error


async def _launched(
    playwright: Playwright, executable: Path, place: Path, settings: ChromiumSettings, *, sandbox: bool
) -> BrowserContext:
    """Start it with a profile of a known place, as none of its files may outlive us; pages don't share the profile."""
    context = await playwright.chromium.launch_persistent_context(
        place / "profile",
        artifacts_dir=place / "artifacts",
        executable_path=executable,
        chromium_sandbox=sandbox,
        args=install.arguments(),
        proxy={"server": _NOWHERE},
        timeout=settings.start_seconds * 1000,
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
        no_viewport=True,
    )
    for page in context.pages:
        await page.close()
    return context


def _of(context: BrowserContext) -> Browser:
    if context.browser is None:
        raise EngineFailed("the browser's driver does not know its browser")
    return context.browser


async def _pid(browser: Browser) -> int:
    session = await browser.new_browser_cdp_session()
    told = await cdp.send(session, "SystemInfo.getProcessInfo")
    await session.detach()
    pid = next((int(str(entry["id"])) for entry in told["processInfo"] if entry["type"] == "browser"), 0)
    if not pid:
        raise EngineFailed("Chromium does not tell its process id")
    return pid
