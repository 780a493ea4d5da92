"""One running Chromium with its driver: started, measured, and ended together."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import cdp, install
from millhand.engines.chromium.values import ChromiumSettings
from millhand.engines.meter import TreeMeter, descendants
from millhand.engines.process import kill_tree

_CLOSE_SECONDS = 4.0
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
        self._driver = _driver_of(pid)

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
        """End it at once with all its processes, its driver too: that may have more to hear of it than it ever will."""
        self.broken = True
        _end(self._processes(), patience=0)

    async def close(self) -> None:
        """End it in order, or by force where it is broken or does not listen; then remove its files."""
        processes = self._processes()
        if not self.broken:
            with contextlib.suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self.browser.close()
                    await self._playwright.stop()
        await asyncio.to_thread(_end, processes, patience=0 if self.broken else _CLOSE_SECONDS)
        with contextlib.suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._playwright.stop()
        # Only now: what still ran would write into the profile while it is removed.
        await asyncio.to_thread(shutil.rmtree, self.place, ignore_errors=True)

    def _processes(self) -> list[psutil.Process]:
        """The driver and the browser, each with all under it."""
        found: dict[int, psutil.Process] = {}
        for pid in (self._driver, self.pid):
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                found |= {each.pid: each for each in (process, *descendants(process))}
        return list(found.values())


def _end(processes: list[psutil.Process], patience: float) -> None:
    """Wait for processes to end by themselves for so many seconds, and kill those that do not."""
    _, alive = psutil.wait_procs(processes, timeout=patience) if patience else ([], processes)
    for process in alive:
        if process.is_running():
            kill_tree(process.pid)
    psutil.wait_procs(alive, timeout=_CLOSE_SECONDS)


def _lives(pid: int) -> bool:
    """Whether the process runs: Playwright does not notice when its own driver is gone, and the browser with it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _driver_of(pid: int) -> int:
    """The process id of the driver that started the browser: the one among its parents that we started ourselves."""
    ours = os.getpid()
    with contextlib.suppress(psutil.Error):
        for parent in psutil.Process(pid).parents():
            if parent.ppid() == ours:
                return parent.pid
    return pid


async def start(settings: ChromiumSettings, folder: Path | None) -> RunningBrowser:
    """Start a browser with its files in a folder within `folder`; raises `EngineMissing`, `EngineFailed`."""
    executable = install.find(settings.executable)
    sandbox = settings.sandbox == "on" or (settings.sandbox == "auto" and install.may_be_sandboxed())
    place = Path(tempfile.mkdtemp(prefix="millhand-chromium-", dir=folder))
    playwright: Playwright | None = None
    try:
        playwright = await _driver()
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


async def _driver() -> Playwright:
    try:
        return await async_playwright().start()
    except PlaywrightError:
        raise
    except Exception as error:  # Playwright has no name for a driver that ends at once
        await asyncio.to_thread(install.require_driver)
        raise EngineFailed(f"Playwright's driver does not start: {error}") from error


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
        ignore_default_args=install.unwanted_arguments(),
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
