"""A real worker exports hostile pages, with good ones between them, and every end is looked at."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from millhand import App, Job
from millhand.core.state import State
from millhand.handlers.pages.args import ExportPage
from millhand.ledger.views import AttemptView
from tests.hostile_pages.app import HOSTS, LIMITS, app
from tests.hostile_pages.cases import DONE, HARMLESS, Case, Template, html
from tests.hostile_pages.server import Site
from tests.support import poll_until

_GOOD = Template("a good page", lambda _random, _site: html("<h1>good</h1>"), HARMLESS)
_GRACE = 20.0
"""Seconds beyond a page's limit: for starting a browser, closing a stuck one, and a busy machine."""
_LOOK_EVERY = 0.5
_PATIENCE = 3_600.0  # seconds for one after the other


@dataclass(frozen=True)
class End:
    """How one case ended: its code, the words with it, and how many seconds it took."""

    case: Case
    code: str
    words: str
    seconds: float

    @property
    def right(self) -> bool:
        """Whether that is one of the ends that are right for it, in time."""
        return self.code in self.case.template.ends and self.seconds <= LIMITS.seconds + _GRACE


def with_good_pages(cases: Sequence[Case], every: int) -> list[Case]:
    """The cases, with a good page after so many of them."""
    mixed: list[Case] = []
    for number, case in enumerate(cases, 1):
        mixed.append(case)
        if number % every == 0:
            mixed.append(Case(_GOOD, html("<h1>good</h1>")))
    return mixed


async def run(cases: Sequence[Case], site: Site, folder: Path, executors: int) -> list[End]:
    """Send all, have a worker of `executors` processes do them, and come back with the end of each first attempt."""
    app.use_settings(app.settings.model_copy(update={"database": f"sqlite:///{folder}/jobs.db", "data_dir": folder}))
    async with app, _worker(site, folder, executors):
        orders = [
            ExportPage.model_validate({"target": f"file://{folder}/out/{number}.png", **case.args})
            for number, case in enumerate(cases)
        ]
        jobs = await app.enqueue_many(orders)
        return [await _end(app, case, job) for case, job in zip(cases, jobs, strict=True)]


async def _end(app: App, case: Case, job: Job[ExportPage]) -> End:
    attempts = await poll_until(lambda: _attempts(app, job), within=_PATIENCE, every=_LOOK_EVERY)
    first = min(attempts, key=lambda attempt: attempt.finished_at)
    if first.state is State.COMPLETED:
        return End(case, DONE, "", first.ran)
    if first.failure is None:
        return End(case, first.cause, "", first.ran)
    await app.cancel(job)  # one attempt tells enough
    return End(case, first.failure.code, first.failure.message, first.ran)


async def _attempts(app: App, job: Job[ExportPage]) -> tuple[AttemptView, ...]:
    return (await app.history(job)).attempts


@asynccontextmanager
async def _worker(site: Site, folder: Path, executors: int) -> AsyncIterator[None]:
    program = [sys.executable, "-m", "millhand", "worker", "--app", "tests.hostile_pages.app:app", "--http", "0"]
    environment = {
        **os.environ,
        HOSTS: f"{site.host},{site.tls_host}",
        "MILLHAND_DATABASE": f"sqlite:///{folder}/jobs.db",
        "MILLHAND_DATA_DIR": str(folder),
    }
    with (folder / "worker.log").open("wb") as log:
        told = (*program, "--executors", str(executors))
        worker = await asyncio.create_subprocess_exec(*told, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        worker.terminate()
        await worker.wait()
