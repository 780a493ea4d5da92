"""The app: kinds and schedules that it knows, and the calls by which a program sends jobs and looks after them."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from pydantic import ValidationError

from millhand.app.batches import in_batches
from millhand.app.content import blob_store, store_access
from millhand.app.jobs import AnyArgs, sent_job, stored_job
from millhand.app.schedules import Schedule
from millhand.app.sync import SyncApp
from millhand.blobs import BlobStore
from millhand.config import Settings, load
from millhand.core.clock import Clock, SystemClock
from millhand.core.cron import Cron, Missed
from millhand.core.errors import NotFound, WaitTimeout
from millhand.core.fairness import Caps
from millhand.core.job import DEFAULT_TENANT, Args, ArgsT, Job, NewJob
from millhand.core.limits import Limits
from millhand.core.maker import JobMaker, SendOptions
from millhand.core.ports import CancelResult
from millhand.core.registry import HandlerFunction, Registry
from millhand.core.retry import RetryPolicy
from millhand.core.state import FINAL
from millhand.ledger.filters import parse
from millhand.ledger.views import JobDetail, JobRecord
from millhand.telemetry.tracing import send_span

if TYPE_CHECKING:
    from millhand.app.attached import Check, Duty, MakeObserver
    from millhand.app.backend import Backend

ResultT = TypeVar("ResultT")

_FIRST_LOOK = 0.005
_SLOWEST_LOOK = 0.25


class App:
    """Kinds of jobs with their handlers, and the way to send such jobs.

    `App()` works on the embedded queue at the place that the settings name. Connections are opened at first use; close
    them with `await app.close()`, or use `async with app`.
    """

    def __init__(self, *, database: str | None = None, settings: Settings | None = None) -> None:
        self.registry = Registry()
        self.schedules: list[Schedule] = []
        self.observers: list[MakeObserver] = []
        self.duties: list[Duty] = []
        self.checks: list[Check] = []
        self.clock: Clock = SystemClock()
        self._database = database
        self._settings = settings
        self._maker = JobMaker(self.registry, self.clock)
        self._backend: Backend | None = None
        self._opening = asyncio.Lock()

    @cached_property
    def settings(self) -> Settings:
        """The settings: those given, or else those of the file and the environment.

        A database that the program names itself gives way only to a flag on the command line.
        """
        settings = self._settings if self._settings is not None else load()
        if self._database is None or settings.origin("database").startswith("flag"):
            return settings
        return settings.model_copy(update={"database": self._database})

    def use_settings(self, settings: Settings) -> None:
        """Work by these settings from now on; for programs that load the app of somebody else."""
        self._settings = settings
        self.__dict__.pop("settings", None)
        self.__dict__.pop("blobs", None)

    @cached_property
    def blobs(self) -> BlobStore:
        """Content by URL, within the folders and places that the settings allow."""
        return blob_store(self.settings)

    # Kinds

    @overload
    def handler(self, function: HandlerFunction[ArgsT, ResultT], /) -> HandlerFunction[ArgsT, ResultT]: ...

    @overload
    def handler(
        self, /, *, retry: RetryPolicy | None = None, limits: Limits | None = None
    ) -> Callable[[HandlerFunction[ArgsT, ResultT]], HandlerFunction[ArgsT, ResultT]]: ...

    def handler(self, function: Any = None, /, **rules: Any) -> Any:
        """Register a function as the handler of the kind that its second parameter's type names."""
        return self.registry.handler(**rules) if function is None else self.registry.handler(function)

    def include(self, other: "App | Registry") -> None:
        """Take over the kinds of another app and all that comes with it, or the kinds of a registry."""
        if isinstance(other, App):
            self.schedules += other.schedules
            self.observers += other.observers
            self.duties += other.duties
            self.checks += other.checks
        self.registry.include(other.registry if isinstance(other, App) else other)

    def schedule(
        self,
        name: str,
        cron: str,
        args: Args,
        *,
        zone: str = "UTC",
        missed: Missed | Literal["skip", "once", "all"] = Missed.ONCE,
        tenant: str = DEFAULT_TENANT,
    ) -> None:
        """Enqueue these arguments at each tick of a cron expression, once however many workers run.

        `missed` says what becomes of ticks that passed while no worker ran; see `millhand.core.cron.Missed`.
        """
        self.schedules.append(Schedule(name, Cron(cron, zone), Missed(missed), args, tenant))

    # Jobs

    async def enqueue(
        self,
        args: ArgsT,
        *,
        queue: str | None = None,
        delay: float = 0.0,
        key: str | None = None,
        priority: int = 0,
        tenant: str = DEFAULT_TENANT,
        limit_key: str | None = None,
    ) -> Job[ArgsT]:
        """Send a job; when this returns, it is stored durably.

        `delay` is in seconds. With a `key`, no second live job of the kind is made: the answer is then the one that is
        there, with `duplicate` set. Higher `priority` goes first. Jobs with the same `limit_key` share a limit.
        """
        options = SendOptions(queue=queue, delay=delay, key=key, priority=priority, tenant=tenant, limit_key=limit_key)
        (job,) = await self._send([args], options)
        return job

    async def enqueue_many(
        self, many: Iterable[ArgsT], *, queue: str | None = None, priority: int = 0, tenant: str = DEFAULT_TENANT
    ) -> list[Job[ArgsT]]:
        """Send many jobs in their order, a thousand to a transaction, the next made while the last are stored.

        Of a generator, at most three thousand are taken ahead of the disk. If one thousand is refused, those before it
        are stored, and up to two after it may be.
        """
        options = SendOptions(queue=queue, priority=priority, tenant=tenant)
        return await in_batches(many, lambda batch: self._send(batch, options))

    async def job(self, job_id: str) -> Job[Args]:
        """The job with this id as it stands now; raises `NotFound`."""
        record = await self._record(job_id)
        return stored_job(record, self._parse(record.kind, record.args))

    async def wait(self, job: Job[ArgsT], timeout: float | None = None) -> Job[ArgsT]:  # noqa: ASYNC109 - the caller's bound
        """Wait until the job is settled for good, and return it; raises `WaitTimeout` after `timeout` seconds."""
        pause = _FIRST_LOOK
        deadline = None if timeout is None else self.clock.monotonic() + timeout
        while (record := await self._record(job.id)).state not in FINAL:
            if deadline is not None and self.clock.monotonic() >= deadline:
                raise WaitTimeout(f"job {job.id} is still {record.state} after {timeout:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _SLOWEST_LOOK)
        return stored_job(record, job.args)

    async def history(self, job: Job[Any] | str) -> JobDetail:
        """All that is known of a job: its attempts, log lines, artefacts, follow-up jobs, and why it waits.

        Meant for showing: what looks like a secret is hidden. Raises `NotFound`.
        """
        backend = await self.backend()
        if backend.foreign is not None:
            await backend.foreign.refresh([_id(job)])
        return await backend.inspector.job(_id(job))

    async def find(self, wanted: str = "", *, limit: int = 50) -> list[Job[Args]]:
        """The newest jobs that a filter means, such as `kind:document.* state:discarded since:2h`; "" means all.

        The filter's words are those of the command line (`millhand help filters`); raises `UsageError` for others.
        """
        inspector = (await self.backend()).inspector
        page = await inspector.jobs(parse(wanted, self.clock.now()), limit=limit)
        records = await inspector.records([row.id for row in page.rows])
        found = [records[row.id] for row in page.rows if row.id in records]
        return [stored_job(record, self._parse(record.kind, record.args)) for record in found]

    async def cancel(self, job: Job[Any] | str) -> CancelResult:
        """Cancel a job: at once if it waits, within about a second if it runs."""
        return (await (await self.backend()).control.cancel_all([_id(job)]))[_id(job)]

    async def retry(self, job: Job[Any] | str) -> bool:
        """Have a settled or waiting job run again now; whether there was such a job."""
        return bool(await (await self.backend()).control.retry([_id(job)]))

    # Queues

    async def pause(self, queue: str) -> None:
        """Stop delivering from a queue, in every worker; running jobs go on."""
        await (await self.backend()).control.pause(queue)

    async def resume(self, queue: str) -> None:
        """Deliver from a queue again."""
        await (await self.backend()).control.resume(queue)

    async def limit(
        self,
        queue: str,
        *,
        running: int | None = None,
        per_tenant: int | None = None,
        per_limit_key: int | None = None,
    ) -> None:
        """Limit how many jobs of a queue run at a time, over all workers, until it is changed; None is no limit."""
        caps = Caps(queue=running, tenant=per_tenant, limit_key=per_limit_key)
        await (await self.backend()).control.set_caps(queue, caps)

    # Life

    async def backend(self) -> "Backend":
        """The connections, opened at first use."""
        return self._backend or await self._opened()

    async def _opened(self) -> "Backend":
        from millhand.app.backend import Backend  # noqa: PLC0415 - executors never connect, and start quicker without

        async with self._opening:
            if self._backend is None:
                settings = self.settings
                self._backend = await Backend.open(
                    settings.database,
                    self.clock,
                    durability=settings.durability,
                    broker_url=settings.broker,
                    stores=store_access(settings),
                    worker=f"client-{self.clock.new_id()[-12:]}",
                )
        return self._backend

    async def close(self) -> None:
        """Disconnect. Calling it twice is harmless."""
        async with self._opening:
            backend, self._backend = self._backend, None
        if backend is not None:
            await backend.close()

    async def __aenter__(self) -> Self:
        await self.backend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def sync(self) -> SyncApp:
        """The same calls for programs without an event loop: `with app.sync() as jobs:`."""
        return SyncApp(self)

    def run(self) -> None:
        """Work on jobs in the foreground until SIGTERM or Ctrl-C."""
        from millhand.app.running import run_app  # noqa: PLC0415 - a producer needs no worker

        run_app(self)

    async def send(self, jobs: Sequence[NewJob]) -> list[Job[Args]]:
        """Send jobs made elsewhere, such as from JSON on the command line."""
        sent = await (await self.backend()).broker.send(jobs)
        return [sent_job(job, self._parse(job.kind, job.args), answer) for job, answer in zip(jobs, sent, strict=True)]

    async def _send(self, many: Sequence[ArgsT], options: SendOptions) -> list[Job[ArgsT]]:
        broker = (await self.backend()).broker
        with send_span(queue=options.queue or type(many[0]).queue, kind=type(many[0]).kind, count=len(many)) as headers:
            new = self._maker.make_all(many, options._replace(headers=headers))
            sent = await broker.send(new)
        return [sent_job(job, args, answer) for job, args, answer in zip(new, many, sent, strict=True)]

    async def _record(self, job_id: str) -> JobRecord:
        record = await (await self.backend()).record(job_id)
        if record is None:
            raise NotFound(f"there is no job {job_id}", hint="It may have been pruned; see `millhand jobs list`.")
        return record

    def _parse(self, kind: str, text: str) -> Args:
        model = self.registry.get(kind).args if kind in self.registry else AnyArgs
        try:
            return model.model_validate_json(text)
        except ValidationError:
            return AnyArgs.model_validate_json(text)


def _id(job: Job[Any] | str) -> str:
    return job if isinstance(job, str) else job.id
