"""Converting files in this process, with the same handler that a worker runs."""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from millhand.app.app import App
from millhand.app.here import Here, here
from millhand.blobs.urls import url_of
from millhand.cli.conversion import KIND, Made, Order, Show, made, pages_of
from millhand.cli.exit_codes import ExitCode
from millhand.cli.payload import one
from millhand.cli.session import Session
from millhand.core.events import LogLine, Progress
from millhand.core.failure import failure
from millhand.core.outcome import Completed, Discarded, Outcome, Retry
from millhand.core.state import State
from millhand.worker.signals import on_signals


class HereWay:
    """Runs the handler here, several at a time; nothing is tried again."""

    words = "No worker is running on this database, so the documents are converted here."

    def __init__(self, session: Session, options: Mapping[str, object]) -> None:
        self._session = session
        self._options = options

    async def convert(self, orders: Sequence[Order], show: Show) -> list[Made]:
        """Convert them all. Only the folders of these files can be read and written."""
        with tempfile.TemporaryDirectory(prefix="millhand-convert-") as folder:
            app = self._app(Path(folder), orders)
            count = min(len(orders), app.settings.worker.executor_count)
            turns = asyncio.Semaphore(count)
            async with here(app, threads=count) as place:
                with on_signals(place.stop, _abort):
                    return await asyncio.gather(*(self._one(app, place, turns, order, show) for order in orders))

    def _app(self, folder: Path, orders: Sequence[Order]) -> App:
        app = self._session.app()
        parents = {path.parent for order in orders for path in (order.source, order.output)}
        changes = {"data_dir": folder, "blob_roots": tuple(sorted(parents))}
        app.use_settings(app.settings.model_copy(update=changes))
        return app

    async def _one(self, app: App, place: Here, turns: asyncio.Semaphore, order: Order, show: Show) -> Made:
        text = json.dumps({"source": url_of(order.source), "target": url_of(order.output), "options": self._options})
        args = one(KIND, app.registry.get(KIND).args, text)

        def say(event: Progress | LogLine) -> None:
            if isinstance(event, Progress):
                show(order, State.RUNNING, event.fraction, event.text)

        async with turns:
            if place.stopped:
                return Made(order.source, order.output, failure("cancelled", "interrupted before it began"))
            show(order, State.RUNNING, 0.0, "")
            outcome = await place.run(place.job(args), say)
        return _told(order, outcome, show)


def _told(order: Order, outcome: Outcome, show: Show) -> Made:
    match outcome:
        case Completed():
            done = made(order, json.loads(outcome.result) if outcome.result else None)
            show(order, State.COMPLETED, 1.0, pages_of(done))
            return done
        case Retry(failure=why) | Discarded(failure=why):
            show(order, State.DISCARDED, 1.0, why.message)
            return Made(order.source, order.output, why)
        case _:
            show(order, State.CANCELLED, 1.0, "interrupted")
            return Made(order.source, order.output, failure("cancelled", "interrupted"))


def _abort() -> None:
    os._exit(ExitCode.INTERRUPTED)
