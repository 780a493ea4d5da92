"""Doing errands in this process, with the same handlers that a worker runs."""

import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from millhand.app.app import App
from millhand.app.here import Here, here
from millhand.blobs.urls import url_of
from millhand.cli.errand import Done, Errand, Show, Verb
from millhand.cli.exit_codes import ExitCode
from millhand.cli.output import Output
from millhand.cli.payload import one
from millhand.cli.session import Session
from millhand.config import Flag
from millhand.core.events import LogLine, Progress
from millhand.core.failure import failure
from millhand.core.outcome import Completed, Discarded, Outcome, Retry
from millhand.core.state import State
from millhand.worker.signals import on_signals


class HereWay:
    """Runs the handler here, several at a time; nothing is tried again."""

    def __init__(self, session: Session, verb: Verb, flags: Sequence[Flag] = ()) -> None:
        self._session = session
        self._verb = verb
        self._flags = flags
        self.words = verb.here

    async def do(self, errands: Sequence[Errand], show: Show) -> list[Done]:
        """Do them all. Only the folders of their files can be read and written."""
        with tempfile.TemporaryDirectory(prefix=f"millhand-{self._verb.name}-") as folder:
            app = self._app(Path(folder), errands)
            count = min(len(errands), app.settings.worker.executor_count)
            turns = asyncio.Semaphore(count)
            async with here(app, threads=count) as place:
                with on_signals(lambda: stop(self._session.output, place), abort):
                    return await asyncio.gather(*(self._one(app, place, turns, errand, show) for errand in errands))

    def _app(self, folder: Path, errands: Sequence[Errand]) -> App:
        app = self._session.app(*self._flags)
        parents = {path.parent for errand in errands for path in (*errand.files.values(), errand.output)}
        changes = {"data_dir": folder, "blob_roots": tuple(sorted(parents))}
        app.use_settings(app.settings.model_copy(update=changes))
        return app

    async def _one(self, app: App, place: Here, turns: asyncio.Semaphore, errand: Errand, show: Show) -> Done:
        urls = {name: url_of(path) for name, path in errand.files.items()}
        text = json.dumps({**errand.arguments, **urls, "target": url_of(errand.output)})
        args = one(self._verb.kind, app.registry.get(self._verb.kind).args, text)

        def say(event: Progress | LogLine) -> None:
            if isinstance(event, Progress):
                show(errand, State.RUNNING, event.fraction, event.text)

        async with turns:
            if place.stopped:
                return Done(errand, failure("cancelled", "interrupted before it began"))
            show(errand, State.RUNNING, 0.0, "")
            return self._told(errand, await place.run(place.job(args), say), show)

    def _told(self, errand: Errand, outcome: Outcome, show: Show) -> Done:
        match outcome:
            case Completed():
                result: dict[str, Any] = json.loads(outcome.result) if outcome.result else {}
                show(errand, State.COMPLETED, 1.0, self._verb.brief(result))
                return Done(errand, None, result)
            case Retry(failure=why) | Discarded(failure=why):
                show(errand, State.DISCARDED, 1.0, why.message)
                return Done(errand, why)
            case _:
                show(errand, State.CANCELLED, 1.0, "interrupted")
                return Done(errand, failure("cancelled", "interrupted"))


def stop(output: Output, place: Here) -> None:
    """Ask what runs here to stop, and say so: a handler that does not listen runs on."""
    output.say("Stopping as soon as the handler lets go. Ctrl-C again to abort.")
    place.stop()


def abort() -> None:
    """End at once, whatever runs."""
    os._exit(ExitCode.INTERRUPTED)
