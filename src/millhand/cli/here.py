"""Running handlers here and now, in this process, without broker and ledger: for `exec` and for `convert`."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from millhand.app.app import App
from millhand.core.clock import after
from millhand.core.context import JobFacts
from millhand.core.events import LogLine, Progress
from millhand.core.job import Args
from millhand.core.maker import JobMaker
from millhand.core.outcome import Outcome
from millhand.worker.executor.job_context import JobContext, Tools
from millhand.worker.executor.resources import Resources
from millhand.worker.executor.runner import outcome_of_run
from millhand.worker.messages import Run

Say = Callable[[Progress | LogLine], None]


class Here:
    """Runs handlers of one app in this process."""

    def __init__(self, app: App, tools: Tools, threads: ThreadPoolExecutor) -> None:
        self._app = app
        self._tools = tools
        self._threads = threads
        self._running: set[JobContext] = set()
        self.stopped = False

    async def run(self, args: Args, say: Say) -> Outcome:
        """Run the handler of these arguments to its outcome; `say` hears its progress and its log lines."""
        kind, clock = type(args).kind, self._tools.clock
        run = Run(0, clock.new_id(), kind, args.model_dump_json(), 1, type(args).queue, "", {})
        now = clock.now()
        deadline = after(now, self._app.registry.get(kind).limits.hard)
        facts = JobFacts(run.job_id, kind, run.attempt, deadline, run.queue, enqueued_at=now)
        context = JobContext(facts, self._tools, say)
        self._running.add(context)
        try:
            return await outcome_of_run(run, self._app.registry, context, self._threads)
        finally:
            self._running.discard(context)
            context.clean()

    def stop(self) -> None:
        """Ask everything that runs to stop."""
        self.stopped = True
        for context in self._running:
            context.stop("cancelled")


@asynccontextmanager
async def here(app: App, threads: int = 1) -> AsyncGenerator[Here]:
    """A place to run up to so many handlers at a time; what they opened is closed at its end."""
    workdir = await asyncio.to_thread(_workdir, app)
    resources = Resources(workdir)
    tools = Tools(
        app.clock,
        app.blobs,
        resources,
        workdir / "scratch",
        asyncio.get_running_loop(),
        JobMaker(app.registry, app.clock),
    )
    pool = ThreadPoolExecutor(threads, thread_name_prefix="millhand-here")
    try:
        yield Here(app, tools, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(resources.close)
        await asyncio.to_thread(shutil.rmtree, workdir, ignore_errors=True)


def _workdir(app: App) -> Path:
    """A folder under the name that workers look for when they clean up after dead processes."""
    name = f"{socket.gethostname()}-{os.getpid()}-{app.clock.new_id()[-8:]}"
    workdir = app.settings.data_dir / "work" / name
    workdir.mkdir(parents=True)
    return workdir.resolve()
