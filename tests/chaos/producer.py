"""The producer of the chaos, in a process of its own: sends the plan's batches and cancels at their times.

When it is killed and started anew, it sends again every batch for which it has no answer, with the same ids.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from millhand.app.backend import Backend
from millhand.app.content import store_access
from millhand.core.errors import BrokerUnavailable
from millhand.core.job import NewJob
from millhand.testing.history import RecordingBroker, Sending, read_history
from tests.chaos.app import FOLDER, app
from tests.chaos.fleet import NOBODY_THERE
from tests.chaos.pace import Pace
from tests.chaos.plan import Batch, Order, Plan, make_plan

_BEFORE_ANOTHER_TRY = 0.2


async def produce(seed: int, jobs: int, start: int) -> None:
    """Do what is still to do of the plan, whose time began at the instant `start`."""
    folder = Path(os.environ[FOLDER]) / "history"
    plan, pace = make_plan(seed, jobs), Pace(folder.parent, start, app.clock)
    answered = _answered(folder)
    async with _broker(folder) as broker:
        batches = [batch for batch in plan.batches if batch.orders[0].id not in answered]
        await asyncio.gather(_send(broker, batches, pace), _cancel(broker, plan, pace))


async def _send(broker: RecordingBroker, batches: Sequence[Batch], pace: Pace) -> None:
    async with asyncio.TaskGroup() as group:
        for batch in batches:
            await pace.until(batch.at)
            group.create_task(_persistently(partial(broker.send, [_job(order) for order in batch.orders])))


async def _cancel(broker: RecordingBroker, plan: Plan, pace: Pace) -> None:
    for cancel in sorted(plan.cancels, key=lambda cancel: cancel.at):
        await pace.until(cancel.at)
        await _persistently(partial(broker.cancel, cancel.job_id))


async def _persistently(call: Callable[[], Awaitable[object]]) -> None:
    """Repeat a call until somebody answers: it changes nothing that an earlier one has done."""
    while True:
        try:
            await call()
        except BrokerUnavailable:
            await asyncio.sleep(_BEFORE_ANOTHER_TRY)
        else:
            return


def _job(order: Order) -> NewJob:
    policy = app.registry.get(order.kind).retry
    return NewJob(
        id=order.id,
        kind=order.kind,
        args=json.dumps({"number": order.number, "milliseconds": order.milliseconds}),
        max_attempts=policy.max_attempts,
        max_crashes=policy.max_crashes,
    )


def _answered(folder: Path) -> set[str]:
    entries = read_history(folder)
    return {job_id for entry in entries if isinstance(entry, Sending) for job_id in entry.stored or ()}


@asynccontextmanager
async def _broker(folder: Path) -> AsyncGenerator[RecordingBroker]:
    name = f"producer-{os.getpid()}-{app.clock.new_id()[-8:]}"
    settings = app.settings
    try:
        backend = await Backend.open(
            settings.database,
            app.clock,
            durability=settings.durability,
            worker=name,
            broker_url=settings.broker,
            stores=store_access(settings),
        )
    except BrokerUnavailable:
        sys.exit(NOBODY_THERE)
    broker = RecordingBroker(backend.broker, folder, name, app.clock)
    yield broker
    await broker.close()
    await backend.close()


if __name__ == "__main__":
    asyncio.run(produce(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
