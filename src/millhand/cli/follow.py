"""Following a job live: what it reports as it reports it, until it is settled."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from millhand.cli.session import Connected
from millhand.core.state import FINAL
from millhand.ledger.views import EventView

_FIRST_LOOK = 0.01
_SLOWEST_LOOK = 0.25
_PAGE = 500
_LAST_WORDS = 1.0


async def events(connected: Connected, job_id: str, *, live: bool, after: int = 0) -> AsyncIterator[EventView]:
    """What a job has reported after the event of that number; with `live` also what it reports until it ends."""
    pause = _FIRST_LOOK
    while True:
        ended = not live or await is_settled(connected, job_id)
        if live and ended:
            await _noted(connected, job_id)
        found = await connected.inspector.events_since(job_id, after, limit=_PAGE)
        for event in found:
            after = event.seq
            yield event
        if len(found) == _PAGE:
            continue
        if ended:
            return
        pause = _FIRST_LOOK if found else min(pause * 1.5, _SLOWEST_LOOK)
        await asyncio.sleep(pause)


async def _noted(connected: Connected, job_id: str) -> None:
    """Wait for the record of how a job ended: somebody else's broker may know a moment before its worker has noted it.

    A worker that is none of ours notes nothing, so the wait is short; and where none of ours is known, there is none.
    """
    if (await connected.app.backend()).foreign is None or not await connected.inspector.workers():
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS):
            while not await _has_noted_end(connected, job_id):  # noqa: ASYNC110 - another process notes it
                await asyncio.sleep(_FIRST_LOOK)


async def _has_noted_end(connected: Connected, job_id: str) -> bool:
    return any(attempt.state in FINAL for attempt in (await connected.inspector.job(job_id)).attempts)


async def is_settled(connected: Connected, job_id: str) -> bool:
    """Whether a job has come to its end; raises `NotFound`."""
    return (await connected.app.job(job_id)).state in FINAL
