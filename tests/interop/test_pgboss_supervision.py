"""Jobs whose worker is gone: who takes them back, with a supervising Node process beside us and without one."""

from collections.abc import Callable

import psycopg
import pytest

from tests.interop.conftest import Application
from tests.interop.endings import completed
from tests.interop.pgboss import MAIN_VERSION, node_boss
from tests.support import poll_until

pytestmark = pytest.mark.leaves("the application's client opens connections, and keeps them for the next test")

_ONE_OF_EACH_KIND = ["10.4.2", MAIN_VERSION, "12.38.0"]
NEWEST = "12.38.0"


@pytest.fixture(params=_ONE_OF_EACH_KIND)
def application(request: pytest.FixtureRequest, applications: Callable[[str], Application]) -> Application:
    """An application of a release whose tables differ in what supervision needs."""
    return applications(request.param)


@pytest.fixture
def newest(applications: Callable[[str], Application]) -> Application:
    return applications(NEWEST)


@pytest.fixture
def main(applications: Callable[[str], Application]) -> Application:
    return applications(MAIN_VERSION)


async def test_we_supervise_where_nobody_does(application: Application) -> None:
    """A job that a Node worker left behind comes to us once its time is used up, and is charged as Node does."""
    queue = application.queue(retryLimit=1, expireInSeconds=1)
    job_id = application.send(queue, {})
    application.boss.call("fetch", queue)
    async with application.broker(queue) as broker:
        assert await broker.rescue() == 0
    _age(application, job_id)
    async with application.broker(queue) as broker:
        assert await broker.rescue() == 1
        seen = application.job(queue, job_id)
        assert (seen["state"], seen["completedOn"]) == ("retry", None)
        assert "time" in seen["output"]["value"]["message"]
        [delivery] = await broker.receive(1, 0)
        assert (delivery.job_id, delivery.attempt) == (job_id, 2)


async def test_a_supervising_application_is_left_alone(application: Application) -> None:
    """Its stamps say that it is there: we take nothing."""
    queue = application.queue(retryLimit=1, expireInSeconds=1)
    job_id = application.send(queue, {})
    application.boss.call("fetch", queue)
    _age(application, job_id)
    _stamp(application)
    try:
        async with application.broker(queue) as broker:
            assert await broker.rescue() == 0
            assert application.job(queue, job_id)["state"] == "active"
    finally:
        _stamp(application, None)


async def test_a_lock_that_node_holds_is_respected(main: Application) -> None:
    """While a Node process fails jobs of a table, we do not."""
    queue = main.queue(retryLimit=1, expireInSeconds=1)
    job_id = main.send(queue, {})
    main.boss.call("fetch", queue)
    _age(main, job_id)
    lock = """SELECT pg_advisory_xact_lock(('x' || encode(sha224(
      (current_database() || '.pgboss.pgbossjob_commonfailJobsByTimeout')::bytea), 'hex'))::bit(64)::bigint)"""
    with psycopg.connect(main.url) as holder:
        holder.execute(lock.encode())
        async with main.broker(queue) as broker:
            assert await broker.rescue() == 0
    async with main.broker(queue) as broker:
        assert await broker.rescue() == 1


async def test_node_takes_back_what_we_left(main: Application) -> None:
    """A real supervisor fails a job whose time with us is used up; our late success is refused."""
    queue = main.queue(retryLimit=1, expireInSeconds=1)
    job_id = main.send(queue, {"n": 1})
    async with main.broker(queue) as broker:
        [delivery] = await broker.receive(1, 0)
        pace = {"superviseIntervalSeconds": 1, "monitorIntervalSeconds": 1}
        with node_boss(main.url, main.version, supervise=True, **pace):
            await poll_until(lambda: main.job(queue, job_id)["state"] == "retry", within=20)
        assert await broker.settle([completed(delivery)]) == [False]
        assert await broker.extend([delivery], 30) == [False]
        [fetched] = main.boss.call("fetch", queue, {"includeMetadata": True})
        assert (fetched["id"], fetched["retryCount"]) == (job_id, 1)
        assert await broker.settle([completed(delivery)]) == [False], "the newer attempt is Node's"
        main.boss.call("complete", queue, job_id, {"by": "node"})
        assert main.job(queue, job_id)["output"] == {"by": "node"}
    _stamp(main, None)


async def test_our_own_dead_are_found_by_their_mark(application: Application) -> None:
    """A lease of ours that runs out frees the job long before the time that its producer gave it."""
    queue = application.queue(retryLimit=1, expireInSeconds=3600)
    job_id = application.send(queue, {})
    async with application.broker(queue, lease=0.05) as gone, application.broker(queue) as other:
        [lost] = await gone.receive(1, 0)
        await poll_until(other.rescue, every=0.05)
        [delivery] = await other.receive(1, 0)
        assert (delivery.job_id, delivery.attempt) == (job_id, 2)
        assert await gone.settle([completed(lost)]) == [False]
        assert await other.settle([completed(delivery)]) == [True]


async def test_a_job_that_uses_up_its_time_with_us_is_stopped(main: Application) -> None:
    """As in Node's own workers, though the lease would go on."""
    queue = main.queue(retryLimit=0, expireInSeconds=1)
    job_id = main.send(queue, {})
    async with main.broker(queue) as broker:
        [delivery] = await broker.receive(1, 0)
        assert await broker.extend([delivery], 30) == [True]
        main.sql("UPDATE pgboss.job SET expire_seconds = 0 WHERE id = %s", job_id)
        assert await broker.extend([delivery], 30) == [False]
        seen = main.job(queue, job_id)
        assert (seen["state"], seen["output"]) == ("failed", {"value": {"message": "job timed out"}})


async def test_heartbeats_go_on_while_we_work(newest: Application) -> None:
    """Node's supervision leaves a job alone whose lease we renew, and takes it once we fall silent."""
    queue = newest.queue(retryLimit=1, heartbeatSeconds=10)
    job_id = newest.send(queue, {})
    async with newest.broker(queue) as broker:
        [delivery] = await broker.receive(1, 0)
        newest.sql("UPDATE pgboss.job SET heartbeat_on = now() - interval '9 s' WHERE id = %s", job_id)
        assert await broker.extend([delivery], 30) == [True]
        newest.boss.call("supervise", queue)
        assert newest.job(queue, job_id)["state"] == "active"
        newest.sql("UPDATE pgboss.job SET heartbeat_on = now() - interval '11 s' WHERE id = %s", job_id)
        newest.sql("UPDATE pgboss.queue SET monitor_on = NULL, monitor_claim_on = NULL")
        newest.boss.call("supervise", queue)
        assert newest.job(queue, job_id)["state"] == "retry"
        assert await broker.extend([delivery], 30) == [False]
    _stamp(newest, None)


async def test_we_fail_the_silent_where_nobody_supervises(newest: Application) -> None:
    queue = newest.queue(retryLimit=1, heartbeatSeconds=10)
    job_id = newest.send(queue, {})
    newest.boss.call("fetch", queue)
    newest.sql("UPDATE pgboss.job SET heartbeat_on = now() - interval '11 s' WHERE id = %s", job_id)
    async with newest.broker(queue) as broker:
        assert await broker.rescue() == 1
    assert newest.job(queue, job_id)["output"] == {"value": {"message": "job heartbeat timeout"}}


async def test_we_delete_what_is_old_where_nobody_supervises(application: Application) -> None:
    queue = application.queue()
    old, new = (application.send(queue, {"n": n}) for n in (1, 2))
    async with application.broker(queue) as broker:
        await broker.settle([completed(each) for each in await broker.receive(2, 0)])
    application.sql("UPDATE pgboss.job SET completed_on = now() - interval '30 days' WHERE id = %s", old)
    async with application.broker(queue) as broker:
        await broker.rescue()
    left = [str(row["id"]) for row in application.sql("SELECT id FROM pgboss.job WHERE name = %s", queue)]
    assert left == [new]
    if application.major == 10:
        assert application.boss.call("getJobById", queue, old, {"includeArchive": True})["state"] == "completed"


async def test_flows_go_on_where_nobody_releases_them(newest: Application) -> None:
    """A job that waits for another is let go once that one is completed."""
    queue = newest.queue()
    newest.boss.call("flow", [{"ref": "a", "name": queue}, {"ref": "b", "name": queue, "dependsOn": ["a"]}])
    async with newest.broker(queue) as broker:
        [first] = await broker.receive(9, 0)
        await broker.settle([completed(first)])
        assert await broker.receive(9, 0) == []
        await broker.rescue()
        [second] = await broker.receive(9, 0)
        assert second.job_id != first.job_id


def _age(application: Application, job_id: str) -> None:
    application.sql("UPDATE pgboss.job SET started_on = now() - interval '1 hour' WHERE id = %s", job_id)


def _stamp(application: Application, age: str | None = "0 s") -> None:
    """The sign that a supervising process was there so long ago, or never."""
    if application.major == 10:
        application.sql("UPDATE pgboss.version SET maintained_on = now() - %s::interval", age)
    else:
        application.sql("UPDATE pgboss.queue SET monitor_on = now() - %s::interval", age)
    if application.version == NEWEST:
        application.sql("UPDATE pgboss.queue SET monitor_claim_on = now() - %s::interval", age)
