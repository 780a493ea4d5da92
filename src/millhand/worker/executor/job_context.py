"""The context that a handler is given in an executor."""

import asyncio
import re
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from millhand.core.artefact import Artefact, BlobInfo
from millhand.core.clock import Clock
from millhand.core.context import Context, JobFacts, JobLog
from millhand.core.errors import Permanent
from millhand.core.events import Level, LogLine, Progress
from millhand.core.job import Args, NewJob
from millhand.core.maker import JobMaker, SendOptions
from millhand.core.ports import Blobs
from millhand.core.resource import Resource
from millhand.worker.executor.as_json import as_json
from millhand.worker.executor.resources import Resources

T = TypeVar("T")

_PROGRESS_EVERY = 0.1
_LONGEST_NAME = 200
_NO_WORD = re.compile(r"\W")


@dataclass(frozen=True, slots=True)
class Tools:
    """What all contexts of one executor share; made in the thread that its loop runs in."""

    clock: Clock
    blobs: Blobs
    resources: Resources
    workdir: Path
    loop: asyncio.AbstractEventLoop
    maker: JobMaker
    thread: int = field(default_factory=threading.get_ident)


class JobContext(Context):
    """One attempt, seen from inside its executor. Its artefacts and follow-up jobs count only if it is accepted."""

    def __init__(self, facts: JobFacts, tools: Tools, say: Callable[[Progress | LogLine], None]) -> None:
        self.job = facts
        self.artefacts: list[Artefact] = []
        self.follow_ups: list[NewJob] = []
        self.stop_reason = ""
        self.task: asyncio.Task[Any] | None = None
        self._tools = tools
        self._say = say
        self._scratch: Path | None = None
        self._last_progress = -1.0

    @property
    def log(self) -> JobLog:  # pyright: ignore[reportIncompatibleVariableOverride] - made when asked for
        """The log of the job."""
        return _Log(self)

    @property
    def scratch(self) -> Path:  # pyright: ignore[reportIncompatibleVariableOverride] - made at first use
        """The folder of this attempt."""
        if self._scratch is None:
            name = _NO_WORD.sub("_", self.job.job_id[-12:])
            self._scratch = self._tools.workdir / f"{name}-{self.job.attempt}-{id(self):x}"
            self._scratch.mkdir(parents=True)
        return self._scratch

    @property
    def cancelled(self) -> bool:
        """Whether the attempt should stop."""
        return bool(self.stop_reason)

    def stop(self, reason: str) -> None:
        """Ask the attempt to stop: a coroutine is cancelled where it waits, a plain function sees `cancelled`."""
        self.stop_reason = self.stop_reason or reason
        if self.task is not None:
            self.task.cancel()

    def progress(self, fraction: float, text: str = "") -> None:
        """Report progress; at most ten reports a second leave the executor, those of completion always do."""
        now = self._tools.clock.monotonic()
        if fraction < 1 and now - self._last_progress < _PROGRESS_EVERY:
            return
        self._last_progress = now
        share = min(1.0, max(0.0, float(fraction)))
        self.say(Progress(self.job.job_id, self.job.attempt, self._tools.clock.now(), share, text))

    def say(self, event: Progress | LogLine) -> None:
        """Pass an event on, from whichever thread; on the loop at once, so that it never follows the attempt's end."""
        if threading.get_ident() == self._tools.thread:
            self._say(event)
        else:
            self._tools.loop.call_soon_threadsafe(self._say, event)

    def line(self, level: Level, text: str, fields: Mapping[str, object]) -> None:
        """Log one line."""
        self.say(LogLine(self.job.job_id, self.job.attempt, self._tools.clock.now(), level, text, as_json(fields)))

    def use(self, resource: Resource[T]) -> T:
        """The opened resource."""
        return self._tools.resources.use(resource)

    def enqueue(
        self,
        args: Args,
        *,
        queue: str | None = None,
        delay: float = 0.0,
        key: str | None = None,
        priority: int = 0,
    ) -> str:
        """Plan a follow-up job."""
        options = SendOptions(
            queue=queue,
            tenant=self.job.tenant,
            delay=delay,
            priority=priority,
            key=key,
            parent_id=self.job.job_id,
            headers=self.job.headers,
        )
        job = self._tools.maker.make(args, options)
        self.follow_ups.append(job)
        return job.id

    def stream(self, url: str) -> AsyncIterator[bytes]:
        """Read a blob piece by piece."""
        return self._tools.blobs.stream(url)

    async def fetch(self, url: str, name: str | None = None, *, max_bytes: int | None = None) -> Path:
        """Copy a blob into the scratch folder."""
        target = self.scratch / _plain_name(name or url.rsplit("/", 1)[-1] or "blob")
        await self._tools.blobs.fetch(url, target, max_bytes=max_bytes)
        return target

    async def save(
        self,
        content: Path | bytes,
        url: str,
        *,
        name: str | None = None,
        media_type: str = "application/octet-stream",
        **facts: object,
    ) -> Artefact:
        """Write a blob and record it as an artefact."""
        info = await self._tools.blobs.put(content, url, media_type=media_type)
        shown = name or url.rsplit("/", 1)[-1]
        artefact = Artefact(shown, url, media_type, info.size, info.sha256 or "", as_json(facts))
        self.artefacts.append(artefact)
        return artefact

    async def stat(self, url: str) -> BlobInfo:
        """What a blob is."""
        return await self._tools.blobs.stat(url)

    async def delete(self, url: str) -> None:
        """Remove a blob; it is then no artefact of this job either."""
        await self._tools.blobs.delete(url)
        self.artefacts[:] = [each for each in self.artefacts if each.url != url]

    def wait(self, awaitable: Coroutine[Any, Any, T] | Awaitable[T]) -> T:
        """Run a coroutine on the executor's loop, from a handler's thread."""

        async def run() -> T:
            return await awaitable

        return asyncio.run_coroutine_threadsafe(run(), self._tools.loop).result()

    def clean(self) -> None:
        """Remove the scratch folder."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


class _Log:
    """The job's log."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    def debug(self, text: str, **fields: object) -> None:
        self._context.line(Level.DEBUG, text, fields)

    def info(self, text: str, **fields: object) -> None:
        self._context.line(Level.INFO, text, fields)

    def warning(self, text: str, **fields: object) -> None:
        self._context.line(Level.WARNING, text, fields)

    def error(self, text: str, **fields: object) -> None:
        self._context.line(Level.ERROR, text, fields)


def _plain_name(name: str) -> str:
    plain = Path(name.replace("\\", "/")).name
    if plain in {"", ".", ".."} or "\0" in plain:
        raise Permanent(f"'{name}' is no file name", code="bad_name")
    return plain.encode(errors="replace")[-_LONGEST_NAME:].decode(errors="ignore")
