"""A Node application sends, we work, and the application sees what it would see of its own workers."""

import json

import pytest

from millhand.core.ports import CancelResult
from tests.interop.conftest import Application
from tests.interop.endings import cancelled, completed, discarded, released, retried

pytestmark = pytest.mark.leaves("the application's client opens connections, and keeps them for the next test")


OUTPUTS: list[tuple[str | None, dict[str, object] | None]] = [
    ('{"pages": 3}', {"pages": 3}),
    ("[1, 2]", {"value": [1, 2]}),
    ('"text \\u0000"', {"value": "text \N{REPLACEMENT CHARACTER}"}),
    (None, None),
]


async def test_node_reads_state_and_output(application: Application) -> None:
    queue = application.queue()
    async with application.broker(queue) as broker:
        for result, output in OUTPUTS:
            job_id = application.send(queue, {"page": {"size": "18x24"}}, priority=3)
            [delivery] = await broker.receive(1, 0)
            assert (delivery.job_id, delivery.kind, delivery.queue, delivery.priority) == (job_id, queue, queue, 3)
            assert json.loads(delivery.args) == {"page": {"size": "18x24"}}
            assert application.job(queue, job_id)["state"] == "active"
            assert await broker.settle([completed(delivery, result)]) == [True]
            seen = application.job(queue, job_id)
            assert (seen["state"], seen["output"], seen["retryCount"]) == ("completed", output, 0)
            assert seen["completedOn"] > seen["startedOn"]


async def test_a_queue_may_mean_a_kind(application: Application) -> None:
    queue = application.queue()
    application.send(queue, None)
    async with application.broker(queue, query=f"?kinds={queue}:page.export") as broker:
        [delivery] = await broker.receive(1, 0)
        assert (delivery.kind, delivery.args) == ("page.export", "{}")


async def test_our_failure_is_nodes_retry(application: Application) -> None:
    queue = application.queue(retryLimit=2, retryDelay=40)
    job_id = application.send(queue, {})
    async with application.broker(queue) as broker:
        [delivery] = await broker.receive(1, 0)
        assert delivery.max_attempts == 3
        assert await broker.settle([retried(delivery)]) == [True]
    seen = application.job(queue, job_id)
    assert (seen["state"], seen["retryCount"], seen["output"]["message"]) == ("retry", 0, "it did not work")
    [wait] = application.sql(
        "SELECT extract(epoch FROM start_after - now())::float8 AS left FROM pgboss.job WHERE id = %s", job_id
    )
    assert 35 < wait["left"] <= 40
    application.sql("UPDATE pgboss.job SET start_after = now() WHERE id = %s", job_id)
    [fetched] = application.boss.call("fetch", queue, {"includeMetadata": True})
    assert (fetched["id"], fetched["retryCount"]) == (job_id, 1)
    application.boss.call("complete", queue, job_id, {"by": "node"})
    assert application.job(queue, job_id)["output"] == {"by": "node"}


async def test_backoff_is_nodes(application: Application) -> None:
    """The wait lies within the bounds of the formula of that release."""
    queue = application.queue(retryLimit=9, retryDelay=10, retryBackoff=True)
    application.send(queue, {})
    async with application.broker(queue) as broker:
        waits: list[tuple[float, float]] = []
        for _ in range(3):
            [delivery] = await broker.receive(1, 0)
            assert delivery.retry is not None
            failures = delivery.failures + 1
            waits.append((delivery.retry.delay(failures, 0.0), delivery.retry.delay(failures, 0.999_999)))
            await broker.settle([retried(delivery)])
            application.sql("UPDATE pgboss.job SET start_after = now() WHERE name = %s", queue)
    additive = application.version in {"11.1.2", "12.5.2"}
    bounds = [(11, 12), (12, 14), (14, 18)] if additive else [(10, 20), (20, 40), (40, 80)]
    assert waits == [pytest.approx(each, abs=0.01) for each in bounds]


@pytest.mark.parametrize("who", ["node", "we"])
async def test_dead_letters_are_the_same(application: Application, who: str) -> None:
    """Whoever fails a job for good: its copy in the queue for dead letters looks the same, and each takes it."""
    grave = application.queue(retryLimit=7)
    queue = application.queue(retryLimit=0, deadLetter=grave)
    job_id = application.send(queue, {"n": 1}, priority=2)
    async with application.broker(queue) as broker, application.broker(grave) as digger:
        if who == "node":
            application.boss.call("fetch", queue)
            application.boss.call("fail", queue, job_id, {"message": "it can't work"})
        else:
            [delivery] = await broker.receive(1, 0)
            await broker.settle([discarded(delivery)])
        failed = application.job(queue, job_id)
        assert (failed["state"], failed["output"]["message"]) == ("failed", "it can't work")
        [copy] = application.sql("SELECT * FROM pgboss.job WHERE name = %s", grave)
        assert copy["data"] == {"n": 1}
        assert copy["retry_limit"] == (0 if application.major == 10 else 7)
        lineage = {name: copy[name] for name in ("source_name", "source_retry_count") if name in copy}
        assert lineage in ({}, {"source_name": queue, "source_retry_count": 0})
        assert copy["priority"] == (2 if lineage else 0)
        [letter] = await digger.receive(1, 0)
        assert letter.job_id == str(copy["id"])
        await digger.settle([completed(letter)])
        assert application.job(grave, letter.job_id)["state"] == "completed"


async def test_a_job_handed_back_costs_nothing(application: Application) -> None:
    queue = application.queue(retryLimit=1)
    job_id = application.send(queue, {})
    async with application.broker(queue) as broker:
        for _ in range(3):
            [delivery] = await broker.receive(1, 0)
            assert delivery.attempt == 1
            await broker.settle([released(delivery)])
    [fetched] = application.boss.call("fetch", queue, {"includeMetadata": True})
    assert (fetched["id"], fetched["retryCount"]) == (job_id, 0)


async def test_node_cancels_what_we_run(application: Application) -> None:
    """We are told, our late success is refused, and a resumed job runs again."""
    queue = application.queue()
    first, second = (application.send(queue, {"n": n}) for n in (1, 2))
    async with application.broker(queue) as broker:
        deliveries = {each.job_id: each for each in await broker.receive(2, 0)}
        assert await broker.cancel_requests([first, second]) == set()
        application.boss.call("cancel", queue, [first, second])
        assert await broker.cancel_requests([first, second]) == {first, second}
        assert await broker.extend([deliveries[first]], 30) == [False]
        assert await broker.settle([cancelled(deliveries[first]), completed(deliveries[second])]) == [True, False]
        seen = application.job(queue, first)
        assert (seen["state"], seen["output"]["message"]) == ("cancelled", "cancelled while it ran")
        application.boss.call("resume", queue, second)
        [again] = await broker.receive(2, 0)
        assert again.job_id == second
        assert await broker.settle([completed(deliveries[second]), completed(again)]) == [False, True]


async def test_we_cancel_what_node_sent(application: Application) -> None:
    queue = application.queue()
    waiting = application.send(queue, {})
    async with application.broker(queue) as broker:
        assert await broker.cancel(waiting) is CancelResult.CANCELLED
        assert application.job(queue, waiting)["state"] == "cancelled"
        application.boss.call("resume", queue, waiting)
        application.boss.call("fetch", queue)
        assert await broker.cancel(waiting) is CancelResult.REQUESTED
        assert application.job(queue, waiting)["state"] == "cancelled", "a job that Node runs is cancelled as Node does"


async def test_what_we_hold_says_so(application: Application) -> None:
    queue = application.queue()
    job_id = application.send(queue, {})
    async with application.broker(queue, worker="host-7") as broker:
        [delivery] = await broker.receive(1, 0)
        mark = application.job(queue, job_id)["output"]["millhand"]
        assert mark["worker"] == "host-7"
        await broker.extend([delivery], 3600)
        assert application.job(queue, job_id)["output"]["millhand"]["lease_until"] > mark["lease_until"]
