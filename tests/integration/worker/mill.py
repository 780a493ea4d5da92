"""Run a whole worker in the test's own process, on an app whose executors load `conduct_app`."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millhand import App
from millhand.app.running import Worker, open_worker
from millhand.config import Settings
from millhand.config.settings import WorkerSettings
from millhand.core.ports import Broker
from millhand.worker.dispatcher import Drained
from tests.integration.worker import conduct_app
from tests.support import poll_until

TARGET = f"{conduct_app.__file__}:app"
UP_WITHIN = 60.0


@dataclass(frozen=True)
class Mill:
    """A worker that runs, and the app by which to send it jobs."""

    app: App
    worker: Worker
    running: asyncio.Task[Drained]

    async def up(self) -> None:
        """Wait until an executor is ready."""
        await poll_until(lambda: self.worker.executors()["ready"], within=UP_WITHIN, what="an executor ready")

    async def drained(self) -> Drained:
        """End it in good order."""
        self.worker.dispatcher.drain()
        return await asyncio.wait_for(self.running, UP_WITHIN)


def app_in(folder: Path, **worker: Any) -> App:  # noqa: ANN401 - any of the settings
    """An app with the odd handlers, with its queue in this folder."""
    told = WorkerSettings(**{"executors": 1, "poll": 0.2, "grace": 5.0, **worker})
    app = App(settings=Settings(database=f"sqlite:///{folder}/millhand.db", data_dir=folder, worker=told))
    app.include(conduct_app.app)
    return app


@asynccontextmanager
async def milling(
    app: App, *, target: str = TARGET, through: Callable[[Broker, str], Broker] = lambda broker, _: broker
) -> AsyncGenerator[Mill]:
    """A worker of this app, running; it is aborted at the end if it has not ended."""
    async with app, open_worker(app, target, through=through) as worker:
        mill = Mill(app, worker, asyncio.create_task(worker.run()))
        try:
            yield mill
        finally:
            worker.dispatcher.abort()
            await asyncio.wait([mill.running])
