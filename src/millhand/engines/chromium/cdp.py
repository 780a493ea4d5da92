"""One call of the DevTools protocol, with types: Playwright leaves its parameters and answers open."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from millhand.core.errors import EngineFailed


class Session(Protocol):
    """A session with a page, Playwright's own or one on a wire."""

    async def send(self, method: str, params: dict[str, object] | None = None) -> object:
        """Call a method; raises Playwright's `Error`."""
        ...


async def send(session: Session, method: str, parameters: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Call a method; raises Playwright's `Error` where the browser refuses, `EngineFailed` for an empty answer."""
    answer = await session.send(method, dict(parameters or {}))
    if not isinstance(answer, dict):
        raise EngineFailed(f"the browser gave no answer to {method}")
    return cast("dict[str, Any]", answer)
