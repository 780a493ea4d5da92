"""The synchronous twin of the app's calls, for programs without an event loop: one runs behind it, on a thread."""

from collections.abc import Callable, Coroutine, Iterable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from millhand.core.errors import UsageError
from millhand.core.job import DEFAULT_TENANT, Args, ArgsT, Job
from millhand.core.ports import CancelResult
from millhand.ledger.views import JobDetail

if TYPE_CHECKING:
    from millhand.app.app import App

T = TypeVar("T")


class SyncApp:
    """The calls of an `App`, each blocking until it is done: `with app.sync() as jobs: jobs.enqueue(...)`."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    def __enter__(self) -> Self:
        """Start the loop behind it."""
        self._portal = self._stack.enter_context(start_blocking_portal())
        self._stack.callback(self._portal.call, self._app.close)
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect and stop the loop."""
        self._stack.close()
        self._portal = None

    def enqueue(
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
        """Send a job; see `App.enqueue`."""

        async def send() -> Job[ArgsT]:
            return await self._app.enqueue(
                args, queue=queue, delay=delay, key=key, priority=priority, tenant=tenant, limit_key=limit_key
            )

        return self._call(send)

    def enqueue_many(
        self, many: Iterable[ArgsT], *, queue: str | None = None, priority: int = 0, tenant: str = DEFAULT_TENANT
    ) -> list[Job[ArgsT]]:
        """Send many jobs; see `App.enqueue_many`."""
        return self._call(partial(self._app.enqueue_many, many, queue=queue, priority=priority, tenant=tenant))

    def job(self, job_id: str) -> Job[Args]:
        """The job with this id; see `App.job`."""
        return self._call(partial(self._app.job, job_id))

    def wait(self, job: Job[ArgsT], timeout: float | None = None) -> Job[ArgsT]:
        """Wait until the job is settled; see `App.wait`."""
        return self._call(partial(self._app.wait, job, timeout))

    def history(self, job: Job[Any] | str) -> JobDetail:
        """All that is known of a job; see `App.history`."""
        return self._call(partial(self._app.history, job))

    def cancel(self, job: Job[Any] | str) -> CancelResult:
        """Cancel a job; see `App.cancel`."""
        return self._call(partial(self._app.cancel, job))

    def retry(self, job: Job[Any] | str) -> bool:
        """Have a job run again; see `App.retry`."""
        return self._call(partial(self._app.retry, job))

    def _call(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._portal is None:
            raise UsageError("the app's synchronous side is not open", hint="Write `with app.sync() as jobs:`.")
        return self._portal.call(call)
