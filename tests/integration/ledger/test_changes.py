"""What changed since the last look: jobs at every step of their life, and the small tables."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from millhand import App
from millhand.core.state import State
from millhand.ledger.inspector.changes import Mark
from tests.integration.app.shop import Paint, app_in


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with app_in(tmp_path) as app:
        yield app


async def changes(app: App, since: Mark | None) -> tuple[set[str], set[str], Mark]:
    found = await (await app.backend()).inspector.changes(since)
    assert not found.more
    return set(found.jobs), set(found.others), found.mark


async def test_a_first_look_only_marks(app: App) -> None:
    await app.enqueue(Paint())
    jobs, others, mark = await changes(app, None)
    assert (jobs, others) == (set(), set())
    assert (await changes(app, mark))[:2] == (set(), set())


async def test_each_step_of_a_job_is_told_once(app: App) -> None:
    broker = (await app.backend()).broker
    _, _, mark = await changes(app, None)
    job = await app.enqueue(Paint())
    jobs, others, mark = await changes(app, mark)
    assert (jobs, others) == ({job.id}, {"queues"})
    [_] = await broker.receive(1, 1.0)
    jobs, _, mark = await changes(app, mark)
    assert jobs == {job.id}
    assert (await changes(app, mark))[0] == set()
    await app.cancel(job)
    jobs, _, mark = await changes(app, mark)
    assert jobs == {job.id}


async def test_the_end_of_a_waiting_job_is_told_once(app: App) -> None:
    job = await app.enqueue(Paint())
    _, _, mark = await changes(app, None)
    await app.cancel(job)
    assert (await app.job(job.id)).state is State.CANCELLED
    jobs, _, mark = await changes(app, mark)
    assert jobs == {job.id}
    assert (await changes(app, mark))[0] == set()


async def test_a_paused_queue_is_told(app: App) -> None:
    _, _, mark = await changes(app, None)
    await app.pause("walls")
    assert (await changes(app, mark))[1] == {"queues"}


async def test_too_many_are_not_all_named(app: App) -> None:
    _, _, mark = await changes(app, None)
    await app.enqueue_many([Paint()] * 600)
    inspector = (await app.backend()).inspector
    found = await inspector.changes(mark)
    assert (found.more, len(found.jobs)) == (True, 500)
    assert not (await inspector.changes(found.mark)).jobs
