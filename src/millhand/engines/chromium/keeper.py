"""The keeper of the warm browser, which replaces it when it is worn or gone."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from millhand.engines.chromium.browser import RunningBrowser
from millhand.engines.chromium.starting import start
from millhand.engines.chromium.values import ChromiumSettings


class Keeper:
    """Keeps one warm browser, and replaces it by the settings' rules without ending the pages that are still in it.

    Browsers keep their files in folders within `folder`, or where temporary files are.
    """

    def __init__(self, settings: ChromiumSettings, folder: Path | None) -> None:
        self._settings = settings
        self._folder = folder
        self._current: RunningBrowser | None = None
        self._starting = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

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
            if running is not self._current:
                self._let_go(running)

    @property
    def pid(self) -> int | None:
        """The process id of the current browser, if there is one."""
        return self._current.pid if self._current is not None else None

    async def close(self) -> None:
        """End every browser."""
        if self._current is not None:
            await self._current.close()
            self._current = None
        await asyncio.gather(*self._closing)

    async def _fresh_enough(self) -> RunningBrowser:
        current = self._current
        if current is not None and not self._worn(current):
            return current
        self._current = None
        if current is not None:
            self._let_go(current)
        self._current = await start(self._settings, self._folder)
        return self._current

    def _let_go(self, running: RunningBrowser) -> None:
        """Close a browser that nobody uses any more, beside what goes on: the next page does not wait for that."""
        if running.users:
            return
        closing = asyncio.create_task(running.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _worn(self, running: RunningBrowser) -> bool:
        told = self._settings
        return (
            not running.usable
            or running.pages >= told.recycle_pages
            or running.age >= told.recycle_seconds
            or (not running.users and running.memory() > told.recycle_memory)
        )
