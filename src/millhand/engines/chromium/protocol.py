"""The DevTools protocol of one page: the one session through which its metrics are set and its picture taken.

Metrics set in one session do not hold for captures in another, which silently come out at another scale.
"""

import asyncio
import base64
import json
from binascii import a2b_base64
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, cast

from playwright.async_api import Error as PlaywrightError

from millhand.engines.chromium import cdp
from millhand.engines.chromium.strips import Area
from millhand.engines.chromium.values import PictureFormat, View

_WORLD = "millhand"
_WENT_ON = (
    "Cannot find context",
    "context was destroyed",
    "Promise was collected",
    "No frame for given id",
    "navigated",
)
_MOMENT = 0.05  # seconds
_BEGINNING = 64  # characters
# Those that end are shown as they end; those that never do are stopped where they begin. A caret would blink.
_HOLD_STILL = """(() => {
  document.activeElement?.blur();
  document.getAnimations().forEach(animation => { try { animation.finish(); } catch { animation.cancel(); } });
  document.querySelectorAll('svg').forEach(drawing => drawing.pauseAnimations());
  document.querySelectorAll('video, audio').forEach(player => player.pause());
})()"""


class ScriptError(Exception):
    """A script that was run in the page threw."""


@dataclass
class Captured:
    """A picture as the browser sends it."""

    _encoded: str | memoryview

    def content(self) -> bytes:
        """The file that it is, once: what was sent is let go of. To unpack a large one takes too long for a loop."""
        encoded, self._encoded = self._encoded, ""
        return a2b_base64(encoded)

    def beginning(self) -> bytes:
        """The first bytes of it, which tell its size."""
        return a2b_base64(self._encoded[:_BEGINNING])


class PageProtocol:
    """What the engine asks of a page's session. Areas are device pixels of the document."""

    def __init__(self, session: cdp.Session, view: View) -> None:
        self.session = session
        self._view = view
        self._height = view.height

    async def set_window(self, height: int, shown: Area) -> None:
        """Lay the page out in a window of the view's width and this height, CSS pixels, and draw a part of it."""
        self._height = height
        await self._draw(shown)

    async def show(self, area: Area) -> None:
        """Draw this part of the window from now on, and no other: the page itself notices nothing of that.

        What lies outside of the window is not drawn before it is captured.
        """
        if self._holds(area):
            await self._draw(area)

    async def _draw(self, area: Area) -> None:
        view = self._view
        await self._send(
            "Emulation.setDeviceMetricsOverride",
            width=view.width,
            height=self._height,
            screenWidth=view.width,
            screenHeight=self._height,
            deviceScaleFactor=float(view.scale),
            mobile=False,
            viewport=area.clip(view.scale),
        )

    async def set_media(self) -> None:
        """What media queries are told; in this session, as another one's would be lost when the page is loaded."""
        view = self._view
        features = {
            "prefers-color-scheme": "dark" if view.dark else "light",
            "prefers-reduced-motion": "reduce",
        }
        listed = [{"name": name, "value": value} for name, value in features.items()]
        await self._send("Emulation.setEmulatedMedia", media=view.media, features=listed)

    async def ask(self, expression: str) -> object:
        """The JSON value of a JavaScript expression among the page's own, or of its promise; raises `ScriptError`.

        It runs outside of the page's content security policy.
        """
        return await self._evaluated(expression, own=False)

    async def look(self, expression: str) -> object:
        """As `ask`, but for our own scripts: in a world of its own, in which the page has tampered with nothing."""
        return await self._evaluated(expression, own=True)

    async def own_world(self) -> int:
        """The id of a JavaScript world that shares the page's document and nothing else."""
        tree = (await self._send("Page.getFrameTree"))["frameTree"]
        world = await self._send("Page.createIsolatedWorld", frameId=tree["frame"]["id"], worldName=_WORLD)
        return int(world["executionContextId"])

    async def _evaluated(self, expression: str, *, own: bool) -> object:
        told = {"expression": expression, "awaitPromise": True, "returnByValue": True, "silent": True}
        while True:
            try:
                world = {"contextId": await self.own_world()} if own else {}
                answer = await self._send("Runtime.evaluate", **told, **world)
                break
            except PlaywrightError as error:
                if not any(each in error.message for each in _WENT_ON):
                    raise
                await asyncio.sleep(_MOMENT)  # the page goes on to another document: that one is asked
        if thrown := answer.get("exceptionDetails"):
            raise ScriptError(str(thrown.get("exception", {}).get("description", thrown.get("text", "")))[:300])
        return answer["result"].get("value")

    async def document_size(self) -> tuple[int, int]:
        """Width and height of all that can be scrolled to, in CSS pixels."""
        size = (await self._send("Page.getLayoutMetrics"))["cssContentSize"]
        return int(size["width"]), int(size["height"])

    async def element_area(self, selector: str) -> Area | None:
        """Where the first element of that selector is, in device pixels of the document; None if it shows nothing."""
        found = await self.look(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
            " const r = e.getBoundingClientRect();"
            " return [r.left + scrollX, r.top + scrollY, r.width, r.height]; })()"
        )
        if not isinstance(found, list):
            return None
        sides = [round(Fraction(cast("float", side)) * self._view.scale) for side in cast("list[object]", found)]
        return Area(*sides) if sides[2] > 0 and sides[3] > 0 else None

    async def hold_still(self) -> None:
        """Stop scripts and animations, so that captures one after another show the same page."""
        await self.look(_HOLD_STILL)
        await self._send("Animation.enable")
        await self._send("Animation.setPlaybackRate", playbackRate=0)
        await self._send("Emulation.setScriptExecutionDisabled", value=True)

    async def show_no_background(self) -> None:
        """Leave transparent what the page does not paint."""
        await self._send("Emulation.setDefaultBackgroundColorOverride", color={"r": 0, "g": 0, "b": 0, "a": 0})

    async def capture(self, area: Area, form: PictureFormat, quality: int = 0) -> Captured:
        """A picture of a part of the document; `quality` is for JPEG and WebP.

        What lies within the window is captured as it is drawn. For the rest the browser lays the page out anew, twice.
        """
        more: dict[str, object] = {"quality": quality} if quality else {"optimizeForSpeed": True}
        answer = await self._send(
            "Page.captureScreenshot",
            format=form,
            clip=area.clip(self._view.scale),
            captureBeyondViewport=not self._holds(area),
            **more,
        )
        return Captured(answer["data"])

    def _holds(self, area: Area) -> bool:
        width, height = (ceil(side * self._view.scale) for side in (self._view.width, self._height))
        return area.x >= 0 and area.y >= 0 and area.x + area.width <= width and area.y + area.height <= height

    async def print(self, **parameters: object) -> str:
        """Print to PDF; gives back the handle of a stream that holds it."""
        answer = await self._send("Page.printToPDF", transferMode="ReturnAsStream", **parameters)
        return str(answer["stream"])

    async def read(self, handle: str, size: int) -> tuple[bytes, bool]:
        """The next piece of a stream, and whether it was the last."""
        answer = await self._send("IO.read", handle=handle, size=size)
        data = str(answer["data"])
        return (base64.b64decode(data) if answer.get("base64Encoded") else data.encode()), bool(answer["eof"])

    async def close_stream(self, handle: str) -> None:
        """Let go of a stream."""
        await self._send("IO.close", handle=handle)

    async def _send(self, method: str, **parameters: object) -> dict[str, Any]:
        return await cdp.send(self.session, method, parameters)
