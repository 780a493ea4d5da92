"""What the worker of an app does every so often beside running jobs, such as rescue, schedules and retention."""

import os
import platform
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import psutil

from millhand.app.app import App
from millhand.app.attached import Duty, Pulse
from millhand.app.backend import Backend
from millhand.app.worker_settings import retention, served_queues
from millhand.brokers.sql.send import insert_jobs
from millhand.core.job import NewJob
from millhand.ledger.retention import prune
from millhand.ledger.schedules import Schedules
from millhand.ledger.sums import SUM_EVERY, Sums
from millhand.ledger.workers import WorkerCard, Workers
from millhand.telemetry.metrics import Metrics
from millhand.worker.chores import Chore
from millhand.worker.observers import Observers
from millhand.worker.rescuer import Rescuer

if TYPE_CHECKING:
    from millhand.worker.dispatcher import Dispatcher

_BEAT_EVERY = 5.0
_RESCUES_IN_A_LEASE = 4
_LOOK_AT_SCHEDULES_EVERY = 1.0
_LOOK_AT_QUEUES_EVERY = 5.0
_LOOK_AT_WISHES_EVERY = 1.0
_CATCH_UP_EVERY = 10.0


class WorkerChores:
    """What one worker does every so often. A dispatcher is made with its chores, so `dispatcher` is set after that."""

    def __init__(self, app: App, backend: Backend, metrics: Metrics, name: str, observers: Observers) -> None:
        self.dispatcher: Dispatcher | None = None
        self._app = app
        self._backend = backend
        self._metrics = metrics
        self._name = name
        self._observers = observers
        self._clock = app.clock
        self._workers = Workers(backend.database)
        self._schedules = Schedules(backend.database)
        self._retention = retention(app.settings)
        self._rescuer = Rescuer(backend.broker, self._renew, app.clock, app.settings.worker.lease)
        self._started_at = app.clock.now()

    def all(self) -> list[Chore]:
        """Every chore, each with its own pace."""
        settings, foreign, given_up = self._app.settings, self._backend.foreign, self._observers.given_up
        paces: list[tuple[str, Callable[[], Awaitable[object]], float]] = [
            ("rescuer", self._rescue, settings.worker.lease / _RESCUES_IN_A_LEASE),
            *([] if settings.broker else [("scheduler", self._fire, _LOOK_AT_SCHEDULES_EVERY)]),
            *([] if foreign is None else [("journal", partial(foreign.catch_up, given_up), _CATCH_UP_EVERY)]),
            ("pruner", self._prune, settings.retention.every),
            ("sums", Sums(self._backend.database).roll_up, SUM_EVERY),
            ("wishes", self._heed, _LOOK_AT_WISHES_EVERY),
            ("gauges", self._look_at_queues, _LOOK_AT_QUEUES_EVERY),
            *((duty.name, partial(self._fulfil, duty), duty.every) for duty in self._app.duties),
        ]
        presence = Chore("presence", self._beat, self._clock, _BEAT_EVERY, to_the_end=True)
        return [presence, *(Chore(name, do, self._clock, every) for name, do, every in paces)]

    async def _fulfil(self, duty: Duty) -> None:
        if self.dispatcher is not None:
            await duty.do(Pulse(self._name, self.dispatcher.ready(), self._metrics.queue_stats))

    async def _rescue(self) -> None:
        self._metrics.rescued(await self._rescuer.rescue())

    async def _renew(self) -> None:
        if self.dispatcher is not None:
            await self.dispatcher.renew()

    async def _fire(self) -> None:
        tick = await self._schedules.next_tick()
        if tick is not None and tick <= self._clock.now():
            await self._schedules.fire_due(self._insert)

    def _insert(self, connection: Any, jobs: Sequence[NewJob]) -> object:  # noqa: ANN401 - the ledger's own connection
        return insert_jobs(connection, [self._ruled(job) for job in jobs], self._clock.now())

    def _ruled(self, job: NewJob) -> NewJob:
        """A scheduled job with the caps of its kind, which the ledger does not know."""
        if job.kind not in self._app.registry:
            return job
        policy = self._app.registry.get(job.kind).retry
        return job._replace(max_attempts=policy.max_attempts, max_crashes=policy.max_crashes)

    async def _prune(self) -> None:
        await prune(self._backend.database, self._retention)

    async def _look_at_queues(self) -> None:
        self._metrics.queues(await self._backend.broker.stats(), self._clock.now())

    async def _heed(self) -> None:
        if self.dispatcher is not None:
            self.dispatcher.heed(await self._workers.wished_of(self._name))

    async def _beat(self) -> None:
        dispatcher = self.dispatcher
        if dispatcher is None:
            return
        settings = self._app.settings.worker
        await self._workers.beat(
            WorkerCard(
                id=self._name,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=version("millhand"),
                queues=served_queues(self._app.settings),
                kinds=tuple(sorted(dispatcher.pool.rules)),
                slots=settings.executor_count * settings.slots,
                started_at=self._started_at,
                state="draining" if dispatcher.phase == "draining" else "quiet" if dispatcher.quiet else "running",
                facts={
                    "memory": psutil.Process().memory_info().rss,
                    "jobs": len(dispatcher.holdings),
                    "executors": len(dispatcher.pool.executors),
                    "python": platform.python_version(),
                },
            )
        )
