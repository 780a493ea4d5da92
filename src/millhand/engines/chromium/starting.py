"""Starting Chromium by Playwright's driver, with its files in a folder of its own."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import cdp, install
from millhand.engines.chromium.browser import RunningBrowser
from millhand.engines.chromium.values import ChromiumSettings
from millhand.engines.chromium.wire import Program, Wire

_NOWHERE = "http://127.0.0.1:9"  # the discard port: what is not given a gate of its own reaches nothing


async def start(settings: ChromiumSettings, folder: Path | None) -> RunningBrowser:
    """Start a browser with its files in a folder within `folder`; raises `EngineMissing`, `EngineFailed`."""
    executable = install.find(settings.executable)
    sandbox = settings.sandbox == "on" or (settings.sandbox == "auto" and install.may_be_sandboxed())
    place = Path(tempfile.mkdtemp(prefix="millhand-chromium-", dir=folder))
    playwright: Playwright | None = None
    wire = Wire()
    try:
        playwright = await _driver()
        relay = await wire.lay(place, executable)
        program = relay or Program(executable, {})
        context = await _launched(playwright, program, place, settings, sandbox=sandbox)
        browser = _of(context)
        if relay is not None:
            await wire.connected()
        return RunningBrowser(playwright, browser, await _pid(browser), place, wire if relay else None)
    except BaseException as error:
        wire.close()
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
    playwright: Playwright, program: Program, place: Path, settings: ChromiumSettings, *, sandbox: bool
) -> BrowserContext:
    """Start it with a profile of a known place, as none of its files may outlive us; pages don't share the profile."""
    context = await playwright.chromium.launch_persistent_context(
        place / "profile",
        artifacts_dir=place / "artifacts",
        executable_path=program.path,
        env={**os.environ, **program.environment},
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
