"""The slots of one executor: jobs wait in an inbox, and each slot runs one after another."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from millhand.core.outcome import Cancelled, Released
from millhand.core.registry import Registry
from millhand.telemetry.tracing import run_span
from millhand.worker.executor.job_context import JobContext, Tools
from millhand.worker.executor.runner import Runner
from millhand.worker.marks import Marks
from millhand.worker.messages import Ended, Message, Run, Said, Started

_TURN_EVERY = 0.005
_LOOK_EVERY = 0.5


class Inbox:
    """Jobs that wait for a slot. The reading thread puts them in and can take the waiting ones back."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Run] = deque()
        self._lock = threading.Lock()
        self._filled = asyncio.Event()

    def put(self, runs: list[Run]) -> None:
        """Add jobs, from any thread."""
        with self._lock:
            self._waiting.extend(runs)
        self._loop.call_soon_threadsafe(self._filled.set)

    def remove(self, ticket: int) -> bool:
        """Take one job out again; False if it has been taken."""
        with self._lock:
            found = next((run for run in self._waiting if run.ticket == ticket), None)
            if found is not None:
                self._waiting.remove(found)
            return found is not None

    @property
    def empty(self) -> bool:
        """Whether no job waits."""
        return not self._waiting

    def take_back(self) -> list[Run]:
        """Remove and return all that have not been taken, from any thread."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
            return waiting

    async def get(self) -> Run:
        """The next job; waits for one."""
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popleft()
                self._filled.clear()
            await self._filled.wait()


class Slots:
    """Runs jobs from the inbox, as many at a time as there are slots."""

    def __init__(
        self, marks: Marks, count: int, registry: Registry, tools: Tools, inbox: Inbox, send: Callable[[Message], None]
    ) -> None:
        self._marks = marks
        self._clock = tools.clock
        self._inbox = inbox
        self._send = send
        self._running: dict[int, JobContext] = {}
        self._one_ended = asyncio.Event()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="millhand-slot")
        self._runner = Runner(registry, tools, self._threads)
        self._tasks = [tools.loop.create_task(self._slot(number), name=f"slot-{number}") for number in range(count)]

    async def finished(self) -> None:
        """Wait until no job runs and none waits."""
        while self._running or not self._inbox.empty:
            self._one_ended.clear()
            with contextlib.suppress(TimeoutError):  # a waiting job may be taken back, which nobody tells here
                await asyncio.wait_for(self._one_ended.wait(), _LOOK_EVERY)

    def stop(self, ticket: int, why: str) -> None:
        """Ask one job to stop; one that has not started never will."""
        context = self._running.get(ticket)
        if context is not None:
            context.stop(why)
        elif self._inbox.remove(ticket):
            outcome = Cancelled("cancelled before it started") if why == "cancelled" else Released(why)
            self._send(Ended(ticket, outcome, None, self._clock.now(), 0.0))

    def close(self) -> None:
        """Take no further jobs."""
        for task in self._tasks:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _slot(self, slot: int) -> None:
        turned = self._clock.monotonic()
        while True:
            run = await self._inbox.get()
            self._marks.begins(slot, run.ticket)
            ended = await self._run(run)
            self._marks.ended(slot, run.ticket)
            if ended - turned > _TURN_EVERY:
                turned = ended
                await asyncio.sleep(0)  # handlers that never wait must not starve the messages of the others

    async def _run(self, run: Run) -> float:
        """Run a job, and tell when its handler is called and how it ended; returns when that was."""
        ticket, clock = run.ticket, self._clock
        context = self._runner.context(run, lambda event: self._send(Said(ticket, event)))
        self._running[ticket] = context
        started_at, began = clock.now(), clock.monotonic()
        self._send(Started(ticket, started_at))
        with run_span(run.headers, kind=run.kind, job_id=run.job_id, attempt=run.attempt, queue=run.queue) as span:
            outcome = await self._runner.outcome(run, context)
            span.ended(outcome)
        del self._running[ticket]
        context.clean()
        self._one_ended.set()
        ended = clock.monotonic()
        self._send(Ended(ticket, outcome, started_at, clock.now(), ended - began))
        return ended
