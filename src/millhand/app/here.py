"""Running handlers here and now, in this process, without broker and ledger: for commands, and in tests."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from millhand.app.app import App
from millhand.app.workdir import fresh_workdir, process_name
from millhand.core.clock import Clock
from millhand.core.events import LogLine, Progress
from millhand.core.job import DEFAULT_TENANT, Args, NewJob
from millhand.core.maker import JobMaker, SendOptions
from millhand.core.outcome import Outcome
from millhand.core.ports import Blobs
from millhand.core.registry import Registry
from millhand.worker.executor.job_context import JobContext, Tools
from millhand.worker.executor.resources import Resources
from millhand.worker.executor.runner import Runner
from millhand.worker.messages import Run

Say = Callable[[Progress | LogLine], None]


class Here:
    """Runs jobs of one app in this process, each for one attempt. Of the time limits, only the soft one holds here."""

    def __init__(self, registry: Registry, runner: Runner) -> None:
        self._registry = registry
        self._runner = runner
        self._running: set[JobContext] = set()
        self.stopped = False

    def job(self, args: Args, *, tenant: str = DEFAULT_TENANT) -> NewJob:
        """A job with these arguments, as an app would send it; raises `NotFound` for a kind that it can't run."""
        self._registry.get(type(args).kind)
        return self._runner.tools.maker.make(args, SendOptions(tenant=tenant))

    async def run(self, job: NewJob, say: Say, *, attempt: int = 1) -> Outcome:
        """Run a job to its outcome; `say` hears its progress and its log lines."""
        now = self._runner.tools.clock.now()
        run = Run(0, job.id, job.kind, job.args, attempt, job.queue, job.tenant, dict(job.headers), now)
        context = self._runner.context(run, say)
        self._running.add(context)
        try:
            return await self._runner.outcome(run, context)
        finally:
            self._running.discard(context)
            context.clean()
            await asyncio.sleep(0)  # what a thread said last is still on its way through the loop

    def stop(self) -> None:
        """Ask everything that runs to stop."""
        self.stopped = True
        for context in self._running:
            context.stop("cancelled")


@asynccontextmanager
async def here(
    app: App, *, folder: Path | None = None, blobs: Blobs | None = None, clock: Clock | None = None, threads: int = 1
) -> AsyncGenerator[Here]:
    """A place to run handlers, so many plain ones at a time; what they opened is closed at its end.

    Its `folder`, one of the app's own unless told else, is removed at the end too.
    """
    told = clock or app.clock
    workdir = folder or await asyncio.to_thread(fresh_workdir, app.settings.data_dir / "work", process_name(told))
    resources = Resources(workdir)
    tools = Tools(
        told,
        blobs or app.blobs,
        resources,
        workdir / "scratch",
        asyncio.get_running_loop(),
        JobMaker(app.registry, told),
    )
    pool = ThreadPoolExecutor(threads, thread_name_prefix="millhand-here")
    try:
        yield Here(app.registry, Runner(app.registry, tools, pool))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(resources.close)
        await asyncio.to_thread(shutil.rmtree, workdir, ignore_errors=True)
