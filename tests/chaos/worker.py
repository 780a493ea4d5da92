"""A dispatcher of the chaos, in a process of its own: the real worker, with a recorder between it and its broker."""

import asyncio
import os
from pathlib import Path

from millhand.app.loading import load_app
from millhand.app.running import open_worker
from millhand.core.ports import Broker
from millhand.testing.history import RecordingBroker
from millhand.worker.signals import on_signals
from tests.chaos.app import FOLDER

TARGET = "tests.chaos.app:app"


async def work() -> None:
    """Work until told to stop; after that, nothing may be left that this worker holds."""
    app = load_app(TARGET)
    recorders: list[RecordingBroker] = []

    def record(broker: Broker, worker: str) -> Broker:
        recorders.append(RecordingBroker(broker, Path(os.environ[FOLDER]) / "history", worker, app.clock))
        return recorders[-1]

    async with open_worker(app, TARGET, through=record) as worker:
        with on_signals(worker.dispatcher.drain, worker.dispatcher.abort):
            await worker.run()
        for recorder in recorders:
            await recorder.close()


if __name__ == "__main__":
    asyncio.run(work())
