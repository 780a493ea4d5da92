"""Runs handlers in the test's own process, with a real context: no worker, no queue, no database.

Time limits other than the soft one do not hold here, and nothing is tried again: a test sees how one attempt ends.
"""

import asyncio
import json
import shutil
import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from millhand.app.app import App
from millhand.blobs import BlobStore
from millhand.core.artefact import Artefact
from millhand.core.clock import Clock, after
from millhand.core.context import JobFacts
from millhand.core.errors import UsageError
from millhand.core.events import LogLine, Progress
from millhand.core.failure import Failure
from millhand.core.job import DEFAULT_TENANT, Args, NewJob
from millhand.core.maker import JobMaker, SendOptions
from millhand.core.outcome import Completed, Crashed, Discarded, Outcome, Retry
from millhand.worker.executor.job_context import JobContext, Tools
from millhand.worker.executor.resources import Resources
from millhand.worker.executor.runner import outcome_of_run
from millhand.worker.messages import Run


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
        self._clock = clock or app.clock
        self._folder: Path | None = None
        self._tools: Tools | None = None
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="millhand-inline")

    async def __aenter__(self) -> Self:
        """Make a place for scratch folders and resources."""
        self._folder = await asyncio.to_thread(lambda: Path(tempfile.mkdtemp(prefix="millhand-inline-")))
        self._tools = Tools(
            self._clock,
            self.blobs,
            Resources(self._folder),
            self._folder / "scratch",
            asyncio.get_running_loop(),
            JobMaker(self._app.registry, self._clock),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the resources, and remove the folders."""
        if self._tools is not None:
            await asyncio.to_thread(self._tools.resources.close)
        self._threads.shutdown()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def run(self, args: Args, *, attempt: int = 1, tenant: str = DEFAULT_TENANT) -> Ran:
        """Run one attempt to its outcome; whatever the handler raises is in the outcome."""
        new = self._ready().maker.make(args, SendOptions(tenant=tenant))
        return await self._attempt(new, attempt)

    async def run_all(self, args: Args, *, tenant: str = DEFAULT_TENANT) -> list[Ran]:
        """Run a job, then its follow-up jobs and theirs, one after another; delays are not waited for."""
        waiting = deque([self._ready().maker.make(args, SendOptions(tenant=tenant))])
        done: list[Ran] = []
        while waiting:
            done.append(await self._attempt(waiting.popleft(), 1))
            waiting += done[-1].follow_ups
        return done

    async def _attempt(self, job: NewJob, attempt: int) -> Ran:
        said: list[Progress | LogLine] = []
        hard = self._app.registry.get(job.kind).limits.hard
        now, headers = self._clock.now(), dict(job.headers)
        facts = JobFacts(job.id, job.kind, attempt, after(now, hard), job.queue, job.tenant, headers, enqueued_at=now)
        context = JobContext(facts, self._ready(), said.append)
        run = Run(0, job.id, job.kind, job.args, attempt, job.queue, job.tenant, facts.headers)
        try:
            outcome = await outcome_of_run(run, self._app.registry, context, self._threads)
        finally:
            context.clean()
        await asyncio.sleep(0)  # what the handler said last is still on its way through the loop
        return Ran(
            outcome=outcome,
            progress=tuple(event for event in said if isinstance(event, Progress)),
            log=tuple(event for event in said if isinstance(event, LogLine)),
        )

    def _ready(self) -> Tools:
        if self._tools is None:
            raise UsageError("this inline app is not open", hint="Write `async with InlineApp(app) as inline:`.")
        return self._tools


async def run_job(app: App, args: Args, *, attempt: int = 1, tenant: str = DEFAULT_TENANT) -> Ran:
    """Run one attempt of a job in this process, and return how it ended; for handlers that need no blobs."""
    async with InlineApp(app) as inline:
        return await inline.run(args, attempt=attempt, tenant=tenant)
