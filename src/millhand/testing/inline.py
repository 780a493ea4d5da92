"""Runs handlers in the test's own process, with a real context: no worker, no queue, no database.

Time limits other than the soft one do not hold here, and nothing is tried again: a test sees how one attempt ends.
"""

import asyncio
import json
import tempfile
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from millhand.app.app import App
from millhand.app.here import Here, here
from millhand.blobs import BlobStore
from millhand.core.artefact import Artefact
from millhand.core.clock import Clock
from millhand.core.errors import UsageError
from millhand.core.events import LogLine, Progress
from millhand.core.failure import Failure
from millhand.core.job import DEFAULT_TENANT, Args, NewJob
from millhand.core.outcome import Completed, Crashed, Discarded, Outcome, Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One attempt that was run: its outcome, and what it reported on the way.

    `follow_ups` and `artefacts` are those that an accepted attempt would leave: none, unless it completed.
    """

    outcome: Outcome
    progress: tuple[Progress, ...] = ()
    log: tuple[LogLine, ...] = ()

    @property
    def completed(self) -> bool:
        """Whether the handler returned."""
        return isinstance(self.outcome, Completed)

    @property
    def result(self) -> Any:  # noqa: ANN401 - whatever the handler returned, as JSON tells it
        """What the handler returned, as a reader of the ledger gets it; None unless it completed."""
        text = self.outcome.result if isinstance(self.outcome, Completed) else None
        return None if text is None else json.loads(text)

    @property
    def failure(self) -> Failure | None:
        """Why it failed, if it did."""
        return self.outcome.failure if isinstance(self.outcome, Retry | Discarded | Crashed) else None

    @property
    def follow_ups(self) -> tuple[NewJob, ...]:
        """The jobs that it enqueued."""
        return self.outcome.follow_ups if isinstance(self.outcome, Completed) else ()

    @property
    def artefacts(self) -> tuple[Artefact, ...]:
        """The blobs that it saved."""
        return self.outcome.artefacts if isinstance(self.outcome, Completed) else ()


class InlineApp:
    """Runs the handlers of an app here and now: `async with InlineApp(app) as inline: await inline.run(args)`.

    Its blobs live in memory: put inputs with `inline.blobs.put(content, "memory://…")`. Resources that handlers use are
    opened once and closed at the end.
    """

    def __init__(self, app: App, *, clock: Clock | None = None) -> None:
        self.blobs = BlobStore()
        self._app = app
        self._clock = clock
        self._stack = AsyncExitStack()
        self._here: Here | None = None

    async def __aenter__(self) -> Self:
        """Make a place for scratch folders and resources."""
        folder = await asyncio.to_thread(lambda: Path(tempfile.mkdtemp(prefix="millhand-inline-")))
        place = here(self._app, folder=folder, blobs=self.blobs, clock=self._clock)
        self._here = await self._stack.enter_async_context(place)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the resources, and remove the folders."""
        await self._stack.aclose()

    async def run(self, args: Args, *, attempt: int = 1, tenant: str = DEFAULT_TENANT) -> Ran:
        """Run one attempt to its outcome; whatever the handler raises is in the outcome."""
        place = self._ready()
        return await _attempt(place, place.job(args, tenant=tenant), attempt)

    async def run_all(self, args: Args, *, tenant: str = DEFAULT_TENANT) -> list[Ran]:
        """Run a job, then its follow-up jobs and theirs, one after another; delays are not waited for."""
        place = self._ready()
        waiting = deque([place.job(args, tenant=tenant)])
        done: list[Ran] = []
        while waiting:
            done.append(await _attempt(place, waiting.popleft(), 1))
            waiting += done[-1].follow_ups
        return done

    def _ready(self) -> Here:
        if self._here is None:
            raise UsageError("this inline app is not open", hint="Write `async with InlineApp(app) as inline:`.")
        return self._here


async def _attempt(place: Here, job: NewJob, attempt: int) -> Ran:
    said: list[Progress | LogLine] = []
    outcome = await place.run(job, said.append, attempt=attempt)
    return Ran(
        outcome=outcome,
        progress=tuple(event for event in said if isinstance(event, Progress)),
        log=tuple(event for event in said if isinstance(event, LogLine)),
    )


async def run_job(app: App, args: Args, *, attempt: int = 1, tenant: str = DEFAULT_TENANT) -> Ran:
    """Run one attempt of a job in this process, and return how it ended; for handlers that need no blobs."""
    async with InlineApp(app) as inline:
        return await inline.run(args, attempt=attempt, tenant=tenant)
