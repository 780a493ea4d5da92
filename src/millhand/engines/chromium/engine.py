"""The Chromium engine: one warm browser for a process of millhand, a fresh context for each page.

Everything asynchronous lives in a thread of the engine's own, so that plain handlers in any number of threads share it.
"""

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from millhand.core.errors import JobCancelled
from millhand.engines.chromium.attempt import LOOK_EVERY, Attempt, Told
from millhand.engines.chromium.errors import AddressRefused, PageTooDemanding
from millhand.engines.chromium.gate import Gate
from millhand.engines.chromium.keeper import Keeper
from millhand.engines.chromium.ready import Phase
from millhand.engines.chromium.site import Site, of_html
from millhand.engines.chromium.values import ChromiumSettings, Exported, PageLimits, PageOrder, Picture, View
from millhand.net.reach import Reach

T = TypeVar("T")
Progress = Callable[[float, str], None]
"""Is told how much of a page is done, as a fraction, and what is being done."""

_DRIVER_KILLED = "Connection closed while reading from the driver"
_PREFIX = "millhand-chromium-"
_CANARY = View(64, 64, 96)
_CANARY_LIMITS = PageLimits(seconds=60.0)


def _hear(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Pass over what the driver's library leaves behind when we kill the driver; tell of all else as usual."""
    if _DRIVER_KILLED not in str(context.get("exception")):
        loop.default_exception_handler(context)


def _silent(_done: float, _doing: str) -> None:
    """Tell nobody."""


class Chromium:
    """Chromium for one process of millhand. Any number of threads may call `export` at once.

    Nothing is started before the first page. Close it when done: that ends everything it started. Browsers keep their
    files in `folder`, which stays, or where temporary files are. `reach_of` judges addresses in place of the rule that
    the settings and this machine make.
    """

    def __init__(
        self, settings: ChromiumSettings, folder: Path | None = None, *, reach_of: Reach | None = None
    ) -> None:
        self._settings = settings
        self._keeper = Keeper(settings, folder)
        self._reach = reach_of or Reach.of_this_machine(settings.allowed_hosts)
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def export(
        self,
        order: PageOrder,
        target: Path,
        limits: PageLimits,
        cancelled: Callable[[], bool] = lambda: False,
        progress: Progress = _silent,
    ) -> Exported:
        """Write what the order asks for to `target`; `progress` is called in the calling thread.

        Raises EngineMissing; AddressRefused, BadPage, PageTooDemanding (all permanent); PageUnreachable, PageCrashed,
        PageUnstable and other EngineFailed (transient); JobCancelled when `cancelled()` became true.
        """
        if isinstance(order.source, str) and urlsplit(order.source).scheme not in {"http", "https"}:
            raise AddressRefused("Only http and https addresses can be exported.", hint="Upload files as a bundle.")
        phase = Phase()
        working = self._submit(self._export(Told(order, target, limits, self._settings), phase))
        told = ""
        while not working.done():
            if cancelled():
                working.cancel()
            if phase.doing != told:
                told = phase.doing
                progress(phase.done, told)
            with contextlib.suppress(TimeoutError, FutureCancelledError):
                working.exception(LOOK_EVERY)
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
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
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
                self._loop.set_exception_handler(_hear)
                # One is enough: it joins a strip while the browser draws the next.
                self._loop.set_default_executor(ThreadPoolExecutor(1, "millhand-chromium-joiner"))
                self._thread = threading.Thread(target=self._loop.run_forever, name="millhand-chromium", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _end(self) -> None:
        await self._keeper.close()
        await asyncio.get_running_loop().shutdown_default_executor()

    async def _export(self, told: Told, phase: Phase) -> Exported:
        site = told.order.source if isinstance(told.order.source, Site) else None
        try:
            # A browser that must be started first has its own limit, and takes nothing of the page's time.
            async with self._keeper.browser() as running, Gate(self._reach, site, told.limits.transfer) as gate:
                async with asyncio.timeout(told.limits.seconds):
                    return await Attempt(running, gate, told, phase).run()
        except TimeoutError as error:
            raise PageTooDemanding(
                f"The page was not done after {told.limits.seconds:g} s: it was stopped while {phase.doing}.",
                code="page_too_slow",
            ) from error
