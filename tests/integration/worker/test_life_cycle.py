"""How a worker starts, tells of its health, lives through an outage, and ends."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from millhand import Args
from millhand.app.running import open_worker
from millhand.core.errors import ConfigError
from millhand.core.finding import Level
from millhand.core.job import Job
from millhand.core.ports import Broker
from millhand.core.state import State
from millhand.testing.flaky import FlakyBroker
from millhand.worker.dispatcher import Phase
from tests.integration.worker.conduct_app import Cling, Die, Echo, Hold
from tests.integration.worker.mill import TARGET, Mill, app_in, milling
from tests.support import poll_until


async def state(mill: Mill, job: Job[Any]) -> State:
    return (await mill.app.job(job.id)).state


async def begun(mill: Mill, job: Job[Hold]) -> None:
    """Wait until the job's handler runs."""
    await poll_until(job.args.path.with_suffix(".begun").exists, within=60)
    assert mill.worker.running() == {("conduct.hold", "default"): 1}


async def test_it_is_ready_when_an_executor_is_and_tells_of_its_loops(tmp_path: Path) -> None:
    async with milling(app_in(tmp_path)) as mill:
        assert {finding.level for finding in mill.worker.ready()} == {Level.ERROR}
        await mill.up()
        assert {finding.level for finding in mill.worker.ready()} == {Level.OK}
        assert mill.worker.dispatcher.phase is Phase.RUNNING
        loops = {tick.name: tick for tick in mill.worker.loops()}
        assert {"fetcher", "settler", "leases", "supervisor", "watchdog", "canceller", "reporter"} < loops.keys()
        assert not any(tick.stuck for tick in loops.values())
        await mill.drained()
        assert mill.worker.dispatcher.phase is Phase.STOPPED
        assert mill.worker.loops() == []


async def test_it_can_be_drained_before_it_has_begun(tmp_path: Path) -> None:
    async with milling(app_in(tmp_path, executors=2)) as mill:
        drained = await mill.drained()
    assert (drained.settled, drained.interrupted) == (0, 0)
    assert mill.worker.executors() == {"ready": 0, "starting": 0, "retiring": 0}


async def test_a_drain_lets_the_running_job_end_and_leaves_the_others(tmp_path: Path) -> None:
    async with milling(app_in(tmp_path)) as mill:
        job = await mill.app.enqueue(Hold(path=tmp_path / "go"))
        await begun(mill, job)
        waiting = await mill.app.enqueue(Echo())
        mill.worker.dispatcher.drain()
        mill.worker.dispatcher.drain()
        await poll_until(lambda: mill.worker.dispatcher.phase is Phase.DRAINING)
        (tmp_path / "go").touch()
        assert (await mill.drained()).interrupted == 0
        assert await state(mill, job) is State.COMPLETED
        assert await state(mill, waiting) is State.AVAILABLE


async def test_it_rests_goes_on_and_ends_as_people_wish(tmp_path: Path) -> None:
    async with milling(app_in(tmp_path, slots=2)) as mill:
        control, inspector = mill.worker.backend.control, mill.worker.backend.inspector

        async def tells(state: str) -> bool:
            return [worker.state for worker in await inspector.workers()] == [state]

        job = await mill.app.enqueue(Hold(path=tmp_path / "go"))
        await begun(mill, job)
        await control.quiet_worker(mill.worker.id)
        await poll_until(lambda: tells("quiet"))
        waiting = await mill.app.enqueue(Echo())
        (tmp_path / "go").touch()
        await mill.app.wait(job, 30)
        shown = await inspector.job(waiting.id)
        assert (shown.row.state, [reason.code for reason in shown.waiting]) == (State.AVAILABLE, ["quiet"])
        await control.resume_worker(mill.worker.id)
        await mill.app.wait(waiting, 30)
        last = await mill.app.enqueue(Hold(path=tmp_path / "end"))
        await poll_until((tmp_path / "end.begun").exists)
        await control.stop_worker(mill.worker.id)
        await poll_until(lambda: tells("draining"))
        (tmp_path / "end").touch()
        assert (await asyncio.wait_for(mill.running, 30)).interrupted == 0
        assert await state(mill, last) is State.COMPLETED


@pytest.mark.parametrize("how", ["drain", "abort"])
async def test_an_interrupted_job_is_handed_back_uncharged(tmp_path: Path, how: str) -> None:
    async with milling(app_in(tmp_path, grace=0.1)) as mill:
        job = await mill.app.enqueue(Hold(path=tmp_path / "never"))
        await begun(mill, job)
        getattr(mill.worker.dispatcher, how)()
        assert (await asyncio.wait_for(mill.running, 60)).interrupted == 1
        left = await mill.app.job(job.id)
    assert (left.state, left.failures, left.crashes) == (State.AVAILABLE, 0, 0)


async def test_an_app_that_cannot_be_loaded_ends_it_with_the_reason(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app, open_worker(app, f"{tmp_path}/nothing.py:app") as worker:
        with pytest.raises(ConfigError, match=r"there is no file .*nothing\.py"):
            await worker.run()


async def test_a_bug_in_a_part_ends_it_and_is_told(tmp_path: Path) -> None:
    class Buggy(FlakyBroker):
        async def receive(self, limit: int, wait: float) -> list[Any]:
            raise ZeroDivisionError("a bug")

    async with milling(app_in(tmp_path), through=lambda broker, _: Buggy(broker)) as mill:
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(asyncio.shield(mill.running), 60)


async def test_through_an_outage_the_job_runs_on_and_its_end_is_told_later(tmp_path: Path) -> None:
    brokers: list[FlakyBroker] = []

    def through(broker: Broker, _: str) -> Broker:
        brokers.append(FlakyBroker(broker))
        return brokers[-1]

    with structlog.testing.capture_logs() as logged:
        async with milling(app_in(tmp_path), through=through) as mill:
            job = await mill.app.enqueue(Hold(path=tmp_path / "go"))
            await begun(mill, job)
            brokers[0].cut()
            (tmp_path / "go").touch()
            await poll_until(lambda: brokers[0].refused > 1, within=60)
            assert await state(mill, job) is State.RUNNING
            brokers[0].mend()
            done = await mill.app.wait(job, 60)
            assert (done.state, done.result, done.failures) == (State.COMPLETED, "held", 0)
            await mill.drained()
    outages = [line["loop"] for line in logged if line["event"] == "the broker can't be reached; trying again"]
    assert "settler" in outages
    assert len(outages) == len(set(outages))


async def test_an_executor_whose_resources_do_not_close_is_killed(tmp_path: Path) -> None:
    async with milling(app_in(tmp_path)) as mill:
        job = await mill.app.wait(await mill.app.enqueue(Cling()), 60)
        assert job.state is State.COMPLETED
        assert (await mill.drained()).interrupted == 0
    assert not mill.worker.dispatcher.pool.executors


async def test_a_broker_that_is_gone_for_good_does_not_keep_the_worker(tmp_path: Path) -> None:
    brokers: list[FlakyBroker] = []

    def through(broker: Broker, _: str) -> Broker:
        brokers.append(FlakyBroker(broker))
        return brokers[-1]

    with structlog.testing.capture_logs() as logged:
        async with milling(app_in(tmp_path, grace=0.2), through=through) as mill:
            job = await mill.app.enqueue(Hold(path=tmp_path / "go"))
            await begun(mill, job)
            brokers[0].cut()
            (tmp_path / "go").touch()
            await poll_until(lambda: brokers[0].refused > 1, within=60)
            await mill.drained()
            assert await state(mill, job) is State.RUNNING
    (told,) = [line for line in logged if line["log_level"] == "error"]
    assert told["jobs"] == [job.id]


async def test_schedules_fire_with_the_caps_of_their_kind(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    app.schedule("often", "* * * * * *", Die(times=0))
    app.schedule("unheard", "* * * * * *", Unheard())
    async with milling(app) as mill:

        async def fired() -> bool:
            done = await mill.app.find("kind:conduct.die state:completed")
            return bool(done) and bool(await mill.app.find("kind:conduct.unheard"))

        await poll_until(fired, within=60, every=0.1)
        (job, *_) = await mill.app.find("kind:conduct.die")
        await mill.drained()
    assert job.max_crashes == 5


class Unheard(Args, kind="conduct.unheard"):
    """A kind without a handler."""


async def test_it_ends_in_good_order_though_its_database_is_gone(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app, open_worker(app, TARGET) as worker:
        await worker.backend.database.close()
    assert not list((tmp_path / "work").iterdir())
