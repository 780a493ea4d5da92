"""The worker of an app: a dispatcher on the app's database with all its duties, started and stopped as one."""

import asyncio
import gc
import random
import shutil
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from millhand.app.app import App
from millhand.app.backend import Backend
from millhand.app.chores import WorkerChores
from millhand.app.content import store_access
from millhand.app.loading import target_of_main
from millhand.app.workdir import fresh_workdir, process_name
from millhand.app.worker_settings import served_queues, worker_settings
from millhand.config import refuse_contradictions
from millhand.core.errors import BrokerUnavailable
from millhand.core.finding import Finding
from millhand.core.health import LoopTick
from millhand.core.ports import Broker
from millhand.ledger.schedules import Schedule, Schedules
from millhand.ledger.workers import Workers
from millhand.telemetry.logging import LogFormat, LogOptions, configure_logging
from millhand.telemetry.metrics import Metrics
from millhand.worker.dispatcher import Dispatcher, Drained, Parts
from millhand.worker.observers import Observers
from millhand.worker.settings import ExecutorCommand
from millhand.worker.signals import on_signals

_COLLECT_AFTER = 10_000
"""New objects after which a worker looks for cycles: at Python's 700, it walks through each job that it holds often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker that is ready to run, with everything one may want to ask of it."""

    id: str
    app: App
    backend: Backend
    dispatcher: Dispatcher
    metrics: Metrics

    async def run(self) -> Drained:
        """Work until told to drain."""
        with _collecting_seldom():
            return await self.dispatcher.run()

    def loops(self) -> Sequence[LoopTick]:
        """How long ago each of its loops moved (for `web.health`)."""
        return self.dispatcher.loops()

    def ready(self) -> Sequence[Finding]:
        """Whether it can take work (for `web.health`)."""
        return self.dispatcher.ready()

    def running(self) -> Mapping[tuple[str, str], int]:
        """How many jobs run, by kind and queue (for the metrics)."""
        counts: dict[tuple[str, str], int] = {}
        for holding in self.dispatcher.holdings:
            name = (holding.delivery.kind, holding.delivery.queue)
            counts[name] = counts.get(name, 0) + 1
        return counts

    def executors(self) -> Mapping[str, int]:
        """How many executors there are, by state (for the metrics)."""
        counts = {"ready": 0, "starting": 0, "retiring": 0}
        for executor in self.dispatcher.pool.executors.values():
            counts["ready" if executor.ready else "retiring" if executor.retiring else "starting"] += 1
        return counts


Through = Callable[[Broker, str], Broker]
"""Puts something between a worker and its broker, such as a recorder; it is given the broker and the worker's name."""


@asynccontextmanager
async def open_worker(app: App, target: str, *, through: Through = lambda broker, _: broker) -> AsyncGenerator[Worker]:
    """A worker of this app, connected but not running yet; `target` is where its executors find the app.

    Its dispatcher delivers and settles through what `through` makes of the broker: the broker itself, unless told else.
    Raises `ConfigError` for settings that contradict each other.
    """
    settings = app.settings
    refuse_contradictions(settings, app.registry)
    clock = app.clock
    name = process_name(clock)
    backend = await Backend.open(
        settings.database,
        clock,
        durability=settings.durability,
        worker=name,
        lease=settings.worker.lease,
        queues=served_queues(settings),
        broker_url=settings.broker,
        stores=store_access(settings),
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(backend.close)
        workdir = await asyncio.to_thread(fresh_workdir, settings.data_dir / "work", name)
        stack.push_async_callback(asyncio.to_thread, shutil.rmtree, workdir, ignore_errors=True)
        worker = _assemble(app, target, backend, through(backend.broker, name), name, workdir)
        await _put_schedules(app, backend)
        yield worker
        with suppress(BrokerUnavailable):  # then its row grows old, as that of a worker that was killed
            await Workers(backend.database).forget(name)


@contextmanager
def _collecting_seldom() -> Generator[None]:
    before = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def run_app(app: App) -> None:
    """Work on this app's jobs in the foreground until a signal."""
    log = app.settings.log
    configure_logging(LogOptions(level=log.level, format=LogFormat(log.format)), sys.stderr, app.clock)

    async def work() -> None:
        async with open_worker(app, target_of_main(app)) as worker:
            with on_signals(worker.dispatcher.drain, worker.dispatcher.abort):
                await worker.run()

    asyncio.run(work())


def _assemble(app: App, target: str, backend: Backend, broker: Broker, name: str, workdir: Path) -> Worker:
    settings, clock, metrics = app.settings, app.clock, Metrics()
    told = worker_settings(settings)
    command = ExecutorCommand(
        argv=(sys.executable, "-m", "millhand.app.child", "--app", target, "--slots", str(told.slots)),
        workdir=workdir,
    )
    observers = [make(metrics) for make in app.observers]
    chores = WorkerChores(app, backend, metrics, name, Observers(observers))
    parts = Parts(
        broker=broker,
        ledger=backend.ledger,
        clock=clock,
        metrics=metrics,
        command=command,
        random=random.random,
        chores=chores.all(),
        observers=observers,
    )
    dispatcher = Dispatcher(parts, told)
    chores.dispatcher = dispatcher
    worker = Worker(id=name, app=app, backend=backend, dispatcher=dispatcher, metrics=metrics)
    metrics.watch(worker)
    return worker


async def _put_schedules(app: App, backend: Backend) -> None:
    schedules = Schedules(backend.database)
    for declared in app.schedules:
        args = declared.args
        await schedules.put(
            Schedule(
                name=declared.name,
                cron=declared.cron,
                missed=declared.missed,
                kind=type(args).kind,
                args=args.model_dump_json(),
                queue=type(args).queue,
                tenant=declared.tenant,
            )
        )
