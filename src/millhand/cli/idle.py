"""Working until nothing is left to do."""

import asyncio

from millhand.app.running import Worker
from millhand.core.state import State

_LOOK_EVERY = 0.1


async def until_idle(worker: Worker) -> bool:
    """Return once no job is ready, runs, or waits for its next attempt; whether none was discarded meanwhile."""
    before = (await worker.backend.inspector.tally())[State.DISCARDED]
    while await _busy(worker):  # noqa: ASYNC110 - other processes send jobs too: only looking tells
        await asyncio.sleep(_LOOK_EVERY)
    return (await worker.backend.inspector.tally())[State.DISCARDED] == before


async def _busy(worker: Worker) -> bool:
    """Whether something is left; jobs of paused queues and of other queues are not waited for."""
    wanted = worker.app.settings.worker.queues
    if len(worker.dispatcher.holdings):
        return True
    stats = [one for one in await worker.backend.broker.stats() if not wanted or one.queue in wanted]
    return any(one.running or (not one.paused and one.available + one.retryable) for one in stats)
