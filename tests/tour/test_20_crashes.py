"""Chapter 20: handlers run in processes that may die. Their jobs run again at once; a job that kills too often ends.

Crashes are counted apart from failures, and capped apart from them.
"""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from millhand import App, Args, Context, RetryPolicy
from tests.tour.conftest import worker

app = App()


class Explode(Args, kind="tour.explode"):
    """Kill the process that runs this, as running out of memory would."""

    times: int


@app.handler(retry=RetryPolicy(max_crashes=2, first=0.05))
async def explode(ctx: Context, args: Explode) -> str:
    """Die without a word, the first times."""
    if ctx.job.attempt <= args.times:
        os.kill(os.getpid(), signal.SIGKILL)
    return f"survived in attempt {ctx.job.attempt}"


@pytest.fixture
def crashing_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[App]:
    """The app with a worker of its own, so that the other chapters' executors live on."""
    monkeypatch.setenv("MILLHAND_DATA_DIR", str(tmp_path))
    with worker(tmp_path):
        theirs = App()
        theirs.include(app)
        yield theirs


async def test_a_job_whose_executor_died_runs_again_until_its_cap(crashing_app: App) -> None:
    async with crashing_app:
        once = await crashing_app.wait(await crashing_app.enqueue(Explode(times=1)), timeout=60)
        assert (once.state, once.result) == ("completed", "survived in attempt 2")
        assert (once.crashes, once.failures) == (1, 0)

        always = await crashing_app.wait(await crashing_app.enqueue(Explode(times=99)), timeout=60)
        assert (always.state, always.crashes) == ("discarded", 2)
        assert always.failure is not None
        assert always.failure.code == "executor_died"
