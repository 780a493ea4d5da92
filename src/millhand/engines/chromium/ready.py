"""Waiting until a page is ready, each condition by its name, so that a page that never gets there says on what."""

import asyncio
import contextlib
import json
from dataclasses import dataclass

from playwright.async_api import Page

from millhand.engines.chromium.errors import BadPage
from millhand.engines.chromium.protocol import PageProtocol, ScriptError
from millhand.engines.chromium.values import Wait

_LOOK_EVERY = 0.03  # seconds
_LOADED = 0.2

_SETTLED = """(async () => {
  for (const image of document.images) image.loading = 'eager';
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode().catch(() => 0)));
})()"""
_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_FRAMES_SECONDS = 3.0

# A promise is waited for: by itself it would be true at once.
_IS_TRUE = "(async () => Boolean(await (%s)))()"

_MISSING_FONTS = """(async names => {
  const missing = [];
  for (const name of names) {
    const faces = await document.fonts.load('16px "' + name + '"').catch(() => []);
    const declared = [...document.fonts].some(face => face.family.replace(/["']/g, '') === name);
    const local = () => {
      const context = document.createElement('canvas').getContext('2d');
      const width = family => { context.font = '72px ' + family; return context.measureText('mmMwWLliI0O&1').width; };
      return ['monospace', 'serif'].some(other => width('"' + name + '", ' + other) !== width(other));
    };
    if (declared ? !faces.length : !local()) missing.push(name);
  }
  return missing;
})(%s)"""


@dataclass
class Phase:
    """What is being done for a page right now, and how much of all that is done, as a fraction."""

    doing: str = "starting the browser"
    done: float = 0.0

    def reach(self, done: float, doing: str) -> None:
        """Go on with this, so much being done."""
        self.done, self.doing = done, doing


async def wait_until_ready(page: Page, protocol: PageProtocol, wait: Wait, phase: Phase) -> None:
    """Wait for every condition in turn; raises `BadPage`. The caller limits the time."""
    if wait.network_idle:
        phase.reach(_LOADED, "waiting for its network to be idle")
        await page.wait_for_load_state("networkidle", timeout=0)
    if wait.selector:
        phase.reach(_LOADED, f"waiting for the element '{wait.selector}'")
        await page.wait_for_selector(wait.selector, state="visible", timeout=0)
    if wait.expression or wait.failed:
        phase.reach(_LOADED, f"waiting for the expression '{wait.expression or wait.failed}'")
        await _wait_for_expression(protocol, wait)
    if wait.seconds:
        phase.reach(_LOADED, f"waiting for {wait.seconds:g} s as told")
        await asyncio.sleep(wait.seconds)
    if wait.fonts:
        phase.reach(_LOADED, "loading the fonts that were asked for")
        await _require_fonts(protocol, wait.fonts)
    if wait.settled:
        phase.reach(_LOADED, "waiting for its fonts and images")
        await protocol.look(_SETTLED)
        # In a sandboxed document no frame is ever told of; the capture waits for one all the same.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FRAMES_SECONDS):
                await protocol.look(_TWO_FRAMES)


async def _wait_for_expression(protocol: PageProtocol, wait: Wait) -> None:
    try:
        while True:
            if wait.failed and (reason := await protocol.ask(wait.failed)):
                text = reason if isinstance(reason, str) else json.dumps(reason)
                raise BadPage(f"The page says that it failed: {text[:500]}", code="page_failed")
            if not wait.expression or await protocol.ask(_IS_TRUE % wait.expression):
                return
            await asyncio.sleep(_LOOK_EVERY)
    except ScriptError as error:
        raise BadPage(
            f"The expression to wait for throws: {error}",
            code="bad_expression",
            hint="Write it so that it also works before the page is ready, such as `window.ready === true`.",
        ) from error


async def _require_fonts(protocol: PageProtocol, names: tuple[str, ...]) -> None:
    missing = await protocol.look(_MISSING_FONTS % json.dumps(names))
    if missing:
        raise BadPage(
            f"The page has no font named {json.dumps(missing)}.",
            code="font_missing",
            hint="Declare it in the page (@font-face), or install it on the worker.",
        )
