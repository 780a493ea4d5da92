"""One call of the DevTools protocol, with types: Playwright leaves its parameters and answers open."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from playwright.async_api import CDPSession

from millhand.core.errors import EngineFailed


class _Session(Protocol):
    async def send(self, method: str, params: dict[str, object] | None = None) -> object: ...


async def send(session: CDPSession, method: str, parameters: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Call a method; raises Playwright's `Error` where the browser refuses, `EngineFailed` for an empty answer."""
    answer = await cast("_Session", session).send(method, dict(parameters or {}))
    if not isinstance(answer, dict):
        raise EngineFailed(f"the browser gave no answer to {method}")
    return cast("dict[str, Any]", answer)
