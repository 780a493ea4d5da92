"""We send, a Node application works; and the rows that we make are those that it would have made."""

import json
from typing import Any

import pytest

from millhand.brokers.pgboss import JobOptions, PgBossBroker, sending
from millhand.core.clock import SystemClock
from millhand.core.errors import NotFound, NotSupported, UsageError
from millhand.core.job import NewJob
from tests.interop.conftest import Application
from tests.interop.endings import completed

pytestmark = pytest.mark.leaves("the application's client opens connections, and keeps them for the next test")

# What is sent, in our words and in Node's.
SENDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"priority": 5}, {"priority": 5}),
    ({"delay": 90}, {"startAfter": 90}),
    ({"retry_limit": 7, "retry_delay": 30}, {"retryLimit": 7, "retryDelay": 30}),
    ({"retry_delay": 30, "retry_backoff": True}, {"retryDelay": 30, "retryBackoff": True}),
    ({"retry_backoff": True, "retry_delay": 0}, {"retryBackoff": True, "retryDelay": 0}),
    ({"expire_in": 77}, {"expireInSeconds": 77}),
    ({"retention": 3600}, {"retentionSeconds": 3600}),
    ({"singleton_key": "k"}, {"singletonKey": "k"}),
    ({"singleton_key": "k"}, {"singletonKey": "k"}),
    ({"singleton_key": "t", "throttle": 3600}, {"singletonKey": "t", "singletonSeconds": 3600}),
    ({"singleton_key": "t", "throttle": 3600}, {"singletonKey": "t", "singletonSeconds": 3600}),
    ({"throttle": 3600}, {"singletonSeconds": 3600}),
    ({"throttle": 3600, "next_slot": True}, {"singletonSeconds": 3600, "singletonNextSlot": True}),
    ({"throttle": 3600, "next_slot": True}, {"singletonSeconds": 3600, "singletonNextSlot": True}),
]  # fmt: skip
NEWER = [
    ({"delete_after": 55}, {"deleteAfterSeconds": 55}, "deletion_seconds"),
    ({"retry_delay_max": 99, "retry_backoff": True}, {"retryDelayMax": 99, "retryBackoff": True}, "retry_delay_max"),
    ({"group": "acme", "group_tier": "gold"}, {"group": {"id": "acme", "tier": "gold"}}, "group_id"),
    ({"heartbeat": 60}, {"heartbeatSeconds": 60}, "heartbeat_seconds"),
]
POLICIES = ["standard", "short", "singleton", "stately", "exclusive", "key_strict_fifo"]


def _known_policies(application: Application) -> list[str]:
    known = POLICIES[:4] if application.major == 10 else POLICIES[:5]
    return POLICIES if application.version in {"12.30.0", "12.38.0"} else known


def _rows(application: Application, queue: str) -> list[dict[str, Any]]:
    """The jobs of a queue, with instants as distances from their sending, in whole seconds."""
    rows = application.sql("SELECT * FROM pgboss.job WHERE name = %s ORDER BY created_on", queue)
    for row in rows:
        for column in ("start_after", "keep_until"):
            row[column] = round((row[column] - row["created_on"]).total_seconds())
        for column in ("id", "name", "created_on"):
            del row[column]
    return rows


async def test_the_same_sends_make_the_same_rows(application: Application) -> None:
    """Also which of them a throttle keeps out."""
    columns = {
        row["name"]
        for row in application.sql(
            "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = 'pgboss.job'::regclass"
        )
    }
    sends = SENDS + [(ours, theirs) for ours, theirs, column in NEWER if column in columns]
    options = {"retryLimit": 4, "retryDelay": 3, "expireInSeconds": 50, "deadLetter": application.queue()}
    theirs, ours = application.queue(**options), application.queue(**options)
    async with sending(application.broker_url) as broker:
        for our_options, their_options in sends:
            sent_by_us = await broker.send_data(ours, {"n": 1}, JobOptions(**our_options))
            sent_by_node = application.send(theirs, {"n": 1}, **their_options)
            assert (sent_by_us is None) == (sent_by_node is None), our_options
    for mine, yours in zip(_rows(application, ours), _rows(application, theirs), strict=True):
        debounced = mine["singleton_on"] is not None and mine["start_after"]
        if debounced:  # the second of two calls may fall into another second
            assert abs(mine.pop("start_after") - yours.pop("start_after")) <= 1
            assert abs(mine.pop("keep_until") - yours.pop("keep_until")) <= 1
        assert mine == yours


async def test_policies_keep_the_same_jobs_out(application: Application) -> None:
    """The same sends and claims, by Node in one queue and by us in another, under each policy. Node sorts no batch.

    Where one job of a key may run at a time, its older clients take nothing once such a key waits in front; we take
    the others, as its newest does.
    """
    async with application.broker() as sender:
        for policy in _known_policies(application):
            theirs, ours = application.queue(policy=policy), application.queue(policy=policy)
            async with application.broker(ours) as broker:
                seen = [await _story_of_ours(sender, broker, ours), _story_of_node(application, theirs)]
            if policy in {"singleton", "stately"} and application.version != "12.38.0":
                seen = [story[:2] for story in seen]
            assert seen[0] == seen[1], policy


_KEYS = ["a", "a", "b", "a", "b", "c"]


async def _story_of_ours(sender: PgBossBroker, broker: PgBossBroker, queue: str) -> list[object]:
    story: list[object] = []
    for _ in range(2):
        sent = [await sender.send_data(queue, {"key": key}, JobOptions(singleton_key=key)) for key in _KEYS]
        taken = [await broker.receive(limit, 0) for limit in (1, 10, 10)]
        keys = [sorted(json.loads(each.args)["key"] for each in some) for some in taken]
        story += [[each is not None for each in sent], *keys]
        await broker.settle([completed(each) for some in taken for each in some])
    return story


def _story_of_node(application: Application, queue: str) -> list[object]:
    story: list[object] = []
    for _ in range(2):
        sent = [application.send(queue, {"key": key}, singletonKey=key) for key in _KEYS]
        taken = [application.boss.call("fetch", queue, {"batchSize": limit}) for limit in (1, 10, 10)]
        story += [
            [each is not None for each in sent],
            *(sorted(each["data"]["key"] for each in some) for some in taken),
        ]
        if ids := [each["id"] for some in taken for each in some]:
            application.boss.call("complete", queue, ids)
    return story


async def test_node_works_what_we_send(application: Application) -> None:
    """Through the port: a job whose kind is that of the queue travels as plain data, with the queue's own rules."""
    queue = application.queue(retryLimit=6)
    job = _new_job(queue, "page.export", '{"node": {"result": {"pages": 1}}, "url": "https://example.org/?q=ü"}')
    async with application.broker(query=f"?kinds={queue}:page.export") as broker:
        [sent] = await broker.send([job])
    [fetched] = application.boss.call("fetch", queue, {"includeMetadata": True})
    assert (fetched["id"], fetched["retryLimit"]) == (sent.id, 6)
    assert fetched["data"] == json.loads(job.args)
    application.boss.call("fail", queue, sent.id)
    application.sql("UPDATE pgboss.job SET start_after = now() WHERE id = %s", sent.id)
    application.boss.call("work", queue, {"pollingIntervalSeconds": 0.5})
    application.boss.wait_for_job(sent.id)
    application.boss.call("offWork", queue)


async def test_other_kinds_travel_in_an_envelope(application: Application) -> None:
    """One queue may carry several kinds of ours: each job names its own, and keeps its rules."""
    queue = application.queue(retryLimit=0)
    job = _new_job(queue, "document.convert", '{"a": 1.0}')._replace(tenant="acme", max_attempts=9, max_crashes=2)
    async with application.broker(queue) as broker:
        await broker.send([job])
        [delivery] = await broker.receive(1, 0)
    assert (delivery.kind, delivery.args, delivery.tenant) == ("document.convert", '{"a": 1.0}', "acme")
    assert (delivery.max_attempts, delivery.max_crashes, delivery.retry) == (9, 2, None)


async def test_what_can_not_be_sent_is_said(application: Application) -> None:
    async with application.broker() as broker:
        with pytest.raises(NotFound) as missing:
            await broker.send([_new_job("no-such-queue", "k", "{}")])
        assert "createQueue('no-such-queue')" in missing.value.hint
        with pytest.raises(UsageError, match="NUL"):
            await broker.send_data(application.queue(), {"text": "\0"})
        with pytest.raises(UsageError, match="UUID"):
            await broker.send([_new_job(application.queue(), "k", "{}")._replace(id="42")])
        if application.major == 10:
            with pytest.raises(NotSupported, match="heartbeat"):
                await broker.send_data(application.queue(), {}, JobOptions(heartbeat=30))


def _new_job(queue: str, kind: str, args: str) -> NewJob:
    return NewJob(id=SystemClock().new_id(), kind=kind, args=args, queue=queue)
