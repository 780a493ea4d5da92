"""Headers that go along with requests of a page, to its own origin alone."""

import contextlib
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from millhand.engines.chromium import cdp


async def send_to_own_origin(session: CDPSession, headers: Mapping[str, str]) -> None:
    """Send these headers to the page's own origin alone, which is that of the first request: they may hold secrets.

    Overrides made here do not follow a redirect (DevTools protocol, Fetch.continueRequest): that is a request anew.
    """
    own: list[tuple[str, str]] = []

    async def go_on(event: dict[str, Any]) -> None:
        asked = cast("dict[str, Any]", event["request"])
        parts = urlsplit(str(asked["url"]))
        origin = (parts.scheme, parts.netloc)
        if not own:
            own.append(origin)
        told: dict[str, object] = {"requestId": event["requestId"]}
        if origin == own[0]:
            merged = {**cast("dict[str, str]", asked["headers"]), **headers}
            told["headers"] = [{"name": name, "value": value} for name, value in merged.items()]
        with contextlib.suppress(PlaywrightError):
            await cdp.send(session, "Fetch.continueRequest", told)

    session.on("Fetch.requestPaused", go_on)
    await cdp.send(session, "Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
