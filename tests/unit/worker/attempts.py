"""What the tests of attempts share: contexts with real tools, and handlers run to their outcome."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from millhand.blobs import BlobStore
from millhand.core.clock import Clock
from millhand.core.context import JobFacts
from millhand.core.events import LogLine, Progress
from millhand.core.job import Args
from millhand.core.limits import Limits
from millhand.core.maker import JobMaker
from millhand.core.outcome import Outcome
from millhand.core.registry import Registry
from millhand.worker.executor.job_context import JobContext, Tools
from millhand.worker.executor.resources import Resources
from millhand.worker.executor.runner import Runner
from millhand.worker.messages import Run


class Act(Args, kind="test.act"):
    """Do what the test says."""

    number: int = 1


@dataclass
class Bench:
    """A place to run handlers: their tools, and what they said."""

    tools: Tools
    registry: Registry
    threads: ThreadPoolExecutor
    said: list[Progress | LogLine] = field(default_factory=list[Progress | LogLine])

    def context(self, job_id: str = "job-1") -> JobContext:
        """The context of a new attempt."""
        return JobContext(JobFacts(job_id, "test.act", 1, 0, tenant="acme"), self.tools, self.said.append)

    async def run(
        self,
        function: Callable[..., Any],
        args: str = "{}",
        *,
        context: JobContext | None = None,
        limits: Limits | None = None,
    ) -> Outcome:
        """Run a handler to its outcome."""
        registry = Registry()
        registry.handler(limits=limits)(function)
        attempt = context or self.context()
        run = Run(1, "job-1", "test.act", args, 1, "default", "acme", {})
        outcome = await Runner(registry, self.tools, self.threads).outcome(run, attempt)
        await asyncio.sleep(0)  # what a thread said last is still on its way through the loop
        return outcome


@asynccontextmanager
async def bench(folder: Path, clock: Clock) -> AsyncGenerator[Bench]:
    """Set one up."""
    registry = Registry()
    resources = Resources(folder)
    loop = asyncio.get_running_loop()
    tools = Tools(clock, BlobStore(), resources, folder / "scratch", loop, JobMaker(registry, clock))
    with ThreadPoolExecutor(1) as threads:
        yield Bench(tools, registry, threads)
    resources.close()
