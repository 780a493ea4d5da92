"""One running Chromium with its driver: measured, and ended together."""

import asyncio
import contextlib
import os
import shutil
import time
from pathlib import Path

import psutil
from playwright.async_api import Browser, CDPSession, Playwright
from playwright.async_api import Error as PlaywrightError

from millhand.engines.chromium import cdp
from millhand.engines.chromium.wire import Wire
from millhand.engines.meter import TreeMeter, descendants
from millhand.engines.process import kill_tree

_CLOSE_SECONDS = 4.0


class RunningBrowser:
    """A Chromium with its driver and its files in `place`.

    `users` counts the pages that are open in it now, `pages` all that it had.
    """

    def __init__(self, playwright: Playwright, browser: Browser, pid: int, place: Path, wire: Wire | None) -> None:
        self.browser = browser
        self.pid = pid
        self.place = place
        self.users = 0
        self.pages = 0
        self.broken = False
        self._playwright = playwright
        self._wire = wire
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

    async def straight(self, session: CDPSession) -> cdp.Session:
        """A session with the same page that does not go through the driver, where there can be one."""
        if self._wire is None:
            return session
        told = await cdp.send(session, "Target.getTargetInfo")
        return await self._wire.session(str(told["targetInfo"]["targetId"]))

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
        if self._wire is not None:
            self._wire.close()
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
