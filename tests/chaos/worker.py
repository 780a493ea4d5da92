"""A dispatcher of the chaos, in a process of its own: the real worker, with a recorder between it and its broker."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from millhand.app.loading import load_app
from millhand.app.running import Worker, open_worker
from millhand.core.errors import BrokerUnavailable
from millhand.core.ports import Broker
from millhand.testing.history import RecordingBroker
from millhand.worker.signals import on_signals
from tests.chaos.app import FOLDER
from tests.chaos.clock import WrongClock, note_skew
from tests.chaos.fleet import EXECUTORS, NOBODY_THERE, ready_mark

TARGET = "tests.chaos.app:app"


async def work() -> None:
    """Work until told to stop; after that, nothing may be left that this worker holds."""
    app, folder = load_app(TARGET), Path(os.environ[FOLDER])
    recorders: list[RecordingBroker] = []

    def record(broker: Broker, worker: str) -> Broker:
        if isinstance(app.clock, WrongClock):
            note_skew(folder, worker, app.clock.ahead)
        recorders.append(RecordingBroker(broker, folder / "history", worker, app.clock))
        return recorders[-1]

    async with AsyncExitStack() as stack:
        try:
            worker = await stack.enter_async_context(open_worker(app, TARGET, through=record))
        except BrokerUnavailable:
            sys.exit(NOBODY_THERE)
        with on_signals(worker.dispatcher.drain, worker.dispatcher.abort):
            telling = asyncio.create_task(_tell_when_ready(worker, folder))
            await worker.run()
            telling.cancel()
        for recorder in recorders:
            await recorder.close()


async def _tell_when_ready(worker: Worker, folder: Path) -> None:
    while worker.executors()["ready"] < EXECUTORS:  # noqa: ASYNC110 - a worker tells when asked, and not by itself
        await asyncio.sleep(0.02)
    mark = ready_mark(folder, os.getpid())
    mark.parent.mkdir(exist_ok=True)
    mark.touch()


if __name__ == "__main__":
    asyncio.run(work())
