"""The calls of an app, on a queue that nobody works on."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from millhand import App
from millhand.app.attached import Duty
from millhand.config import Settings
from millhand.core.errors import NotFound, UsageError, WaitTimeout
from millhand.core.job import NewJob
from millhand.core.ports import CancelResult, Observer
from millhand.core.state import State
from millhand.telemetry.metrics import Metrics
from tests.integration.app.shop import Paint, Unknown, app_in, kinds


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[App]:
    async with app_in(tmp_path) as app:
        yield app


async def test_a_job_is_stored_when_enqueue_returns(app: App, tmp_path: Path) -> None:
    sent = await app.enqueue(Paint(colour="red"), priority=3, tenant="acme")
    assert (sent.state, sent.args, sent.queue, sent.max_attempts) == (
        State.AVAILABLE,
        Paint(colour="red"),
        "walls",
        9,
    )
    async with app_in(tmp_path) as another:
        found = await another.job(sent.id)
    assert (found.args, found.priority, found.tenant, found.kind) == (Paint(colour="red"), 3, "acme", "app.paint")
    assert found.enqueued_at > 0


async def test_a_delayed_job_is_scheduled(app: App) -> None:
    sent = await app.enqueue(Paint(), delay=3600, queue="later")
    found = await app.job(sent.id)
    assert (found.state, found.queue, found.run_at) == (State.SCHEDULED, "later", sent.run_at)


async def test_a_key_makes_the_second_one_the_first(app: App) -> None:
    first = await app.enqueue(Paint(), key="wall-7")
    second = await app.enqueue(Paint(), key="wall-7")
    assert (second.id, second.duplicate, first.duplicate) == (first.id, True, False)


async def test_many_are_sent_in_order_over_several_transactions(app: App) -> None:
    sent = await app.enqueue_many((Paint(colour=str(number)) for number in range(2_300)), queue="bulk", tenant="t")
    assert [job.args.colour for job in sent] == [str(number) for number in range(2_300)]
    assert len({job.id for job in sent}) == 2_300
    last = await app.job(sent[-1].id)
    assert (last.args, last.queue, last.tenant) == (Paint(colour="2299"), "bulk", "t")


async def test_sending_nothing_sends_nothing(app: App) -> None:
    assert await app.enqueue_many([]) == []
    assert await app.find() == []


async def test_jobs_of_a_kind_that_the_app_does_not_know_can_be_sent_and_read(app: App) -> None:
    found = await app.job((await app.enqueue(Unknown(number=3))).id)
    assert found.args.model_dump() == {"number": 3}


async def test_arguments_that_no_longer_fit_are_shown_as_they_are(app: App) -> None:
    old = NewJob(id=app.clock.new_id(), kind="app.paint", args='{"color":"red"}')
    (sent,) = await app.send([old])
    assert sent.args.model_dump() == (await app.job(old.id)).args.model_dump() == {"color": "red"}


async def test_what_is_not_there_is_named(app: App) -> None:
    job = await app.enqueue(Paint())
    for call in (app.job("nobody"), app.history("nobody"), app.wait(job._replace(id="nobody"))):
        with pytest.raises(NotFound):
            await call
    assert await app.cancel("nobody") is CancelResult.UNKNOWN
    assert not await app.retry("nobody")


async def test_waiting_ends_with_the_job_or_with_the_time(app: App) -> None:
    job = await app.enqueue(Paint())
    with pytest.raises(WaitTimeout, match="still available"):
        await app.wait(job, timeout=0.05)
    with pytest.raises(WaitTimeout):
        await app.wait(job, timeout=0)
    waiting = asyncio.create_task(app.wait(job))
    assert await app.cancel(job) is CancelResult.CANCELLED
    assert (await asyncio.wait_for(waiting, 30)).state is State.CANCELLED


async def test_a_cancelled_job_can_be_retried(app: App) -> None:
    job = await app.enqueue(Paint())
    await app.cancel(job.id)
    assert await app.cancel(job) is CancelResult.TOO_LATE
    assert await app.retry(job)
    noted = await (await app.backend()).inspector.audit()
    assert [(entry.action, entry.target) for entry in noted.entries] == [("job.retry", job.id), ("job.cancel", job.id)]
    assert (await app.job(job.id)).state is State.AVAILABLE
    assert (await app.history(job)).row.id == job.id


async def test_jobs_are_found_by_a_filter(app: App) -> None:
    red, blue = await app.enqueue(Paint(colour="red")), await app.enqueue(Paint(), queue="other")
    assert [job.id for job in await app.find("queue:other")] == [blue.id]
    assert [job.id for job in await app.find(limit=1)] == [blue.id]
    assert {job.id for job in await app.find("kind:app.*")} == {red.id, blue.id}
    with pytest.raises(UsageError):
        await app.find("colour:red")


async def test_queues_can_be_paused_and_limited(app: App) -> None:
    broker = (await app.backend()).broker
    await app.enqueue_many([Paint(), Paint(), Paint()])
    await app.pause("walls")
    assert await broker.receive(5, 0) == []
    await app.resume("walls")
    await app.limit("walls", running=2, per_tenant=2, per_limit_key=1)
    assert len(await broker.receive(5, 0)) == 2


async def test_an_app_can_be_closed_twice_and_used_again(app: App) -> None:
    job = await app.enqueue(Paint())
    await app.close()
    await app.close()
    assert (await app.job(job.id)).id == job.id


async def test_connections_are_opened_once_however_many_ask(app: App) -> None:
    await app.close()
    backends = await asyncio.gather(*(app.backend() for _ in range(5)))
    assert len({id(backend) for backend in backends}) == 1


def test_settings_given_later_are_those_in_use(tmp_path: Path) -> None:
    app = App(database="sqlite:///elsewhere.db", settings=Settings(data_dir=tmp_path))
    assert (app.settings.database, app.settings.data_dir) == ("sqlite:///elsewhere.db", tmp_path)
    before = app.blobs
    app.use_settings(Settings(data_dir=tmp_path / "new"))
    assert (app.settings.data_dir, app.settings.database) == (tmp_path / "new", "sqlite:///elsewhere.db")
    assert app.blobs is not before


async def _nothing(_: object = None) -> tuple[()]:
    return ()


def _unmade(_: Metrics) -> Observer:
    raise NotImplementedError


def test_another_app_is_taken_over_with_all_that_comes_with_it() -> None:
    one, two = App(), App()
    one.include(kinds)
    one.schedule("nightly", "30 2 * * *", Paint(), zone="Europe/Berlin", missed="skip")
    one.observers.append(_unmade)
    one.duties.append(Duty("heartbeat", 60.0, _nothing))
    one.checks.append(_nothing)
    two.include(one)
    assert "app.paint" in two.registry
    assert [(each.name, each.missed) for each in two.schedules] == [("nightly", "skip")]
    assert (two.observers, two.duties, two.checks) == (one.observers, one.duties, one.checks)
