"""The synchronous twin: the same calls, blocking."""

from collections.abc import Generator
from pathlib import Path

import pytest

from millhand.app.sync import SyncApp
from millhand.core.errors import NotFound, UsageError, WaitTimeout
from millhand.core.ports import CancelResult
from millhand.core.state import State
from tests.integration.app.shop import Paint, app_in


@pytest.fixture
def jobs(tmp_path: Path) -> Generator[SyncApp]:
    with app_in(tmp_path).sync() as jobs:
        yield jobs


def test_the_same_calls_and_answers(jobs: SyncApp) -> None:
    sent = jobs.enqueue(Paint(colour="red"), priority=2, key="k", tenant="t", limit_key="l", queue="q")
    found = jobs.job(sent.id)
    assert (found.args, found.priority, found.tenant, found.queue) == (Paint(colour="red"), 2, "t", "q")
    assert jobs.history(sent).row.id == sent.id
    assert jobs.cancel(sent) is CancelResult.CANCELLED
    assert jobs.wait(sent).state is State.CANCELLED
    assert jobs.retry(sent.id)
    with pytest.raises(WaitTimeout):
        jobs.wait(sent, timeout=0.01)


def test_many(jobs: SyncApp) -> None:
    assert len(jobs.enqueue_many([Paint()] * 3, queue="q", priority=1, tenant="t")) == 3
    assert jobs.enqueue(Paint(), delay=60).state is State.SCHEDULED


def test_errors_arrive_as_they_are(jobs: SyncApp) -> None:
    with pytest.raises(NotFound):
        jobs.job("nobody")


def test_it_must_be_open(tmp_path: Path) -> None:
    closed = app_in(tmp_path).sync()
    with pytest.raises(UsageError, match="not open"):
        closed.enqueue(Paint())
    with closed:
        closed.enqueue(Paint())
    with pytest.raises(UsageError):
        closed.enqueue(Paint())
