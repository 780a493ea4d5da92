"""One job in full: its life through the real broker, what belongs to it, what is hidden, and why it waits."""

import json

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.artefact import Artefact
from millhand.core.errors import NotFound
from millhand.core.events import Level, LogLine
from millhand.core.fairness import Caps
from millhand.core.job import NewJob
from millhand.core.outcome import Completed, Released, Snoozed
from millhand.core.state import Cause, State
from millhand.database import Database
from millhand.ledger.inspector import Inspector
from millhand.ledger.recorder import Recorder
from millhand.ledger.workers import WorkerCard, Workers
from tests.integration.ledger.support import START, Factory, MovableClock, retry


def card(**changes: object) -> WorkerCard:
    facts = {"id": "worker-1", "host": "h", "pid": 1, "version": "1", "queues": (), "kinds": ("test.kind",)}
    return WorkerCard(**{**facts, "slots": 1, "started_at": START, **changes})


async def reasons(inspector: Inspector, job_id: str) -> list[str]:
    return [reason.code for reason in (await inspector.job(job_id)).waiting]


async def test_the_life_of_a_job_that_was_tried_again_and_again(
    inspector: Inspector, factory: Factory, broker: SqlBroker, clock: MovableClock
) -> None:
    job_id = await factory.send(max_attempts=2)
    await factory.settle(await factory.claim(), Released("the worker is draining"))
    await factory.settle(await factory.claim(), Snoozed(5.0))
    clock.move(5)
    await factory.settle(await factory.claim(), retry("no answer"))
    clock.move(10)
    await factory.settle(await factory.claim(), retry("no answer"))
    assert await broker.retry([job_id]) == [job_id]
    clock.move(1)
    late = await factory.claim()
    clock.move(100)
    assert await broker.rescue() == 1
    clock.move(1)
    assert await factory.settle(late) is False
    await factory.settle(await factory.claim(), Completed('{"pages": 2}'))

    shown = await inspector.job(job_id)
    assert [(step.state, step.cause) for step in shown.timeline if step.state] == [
        (State.AVAILABLE, None),
        (State.RUNNING, Cause.CLAIMED),
        (State.AVAILABLE, Cause.RELEASED),
        (State.RUNNING, Cause.CLAIMED),
        (State.SCHEDULED, Cause.SNOOZED),
        (State.AVAILABLE, Cause.DUE),
        (State.RUNNING, Cause.CLAIMED),
        (State.RETRYABLE, Cause.FAILED),
        (State.AVAILABLE, Cause.DUE),
        (State.RUNNING, Cause.CLAIMED),
        (State.DISCARDED, Cause.GAVE_UP),
        (State.AVAILABLE, Cause.RETRIED),
        (State.RUNNING, Cause.CLAIMED),
        (State.AVAILABLE, Cause.LEASE_EXPIRED),
        (State.RUNNING, Cause.CLAIMED),
        (State.COMPLETED, Cause.SUCCEEDED),
    ]
    assert [step.text.partition(":")[0] for step in shown.timeline if step.state is None] == ["settlement refused"]
    assert (shown.result, shown.failure) == ({"pages": 2}, shown.attempts[-2].failure)
    assert [attempt.charge for attempt in shown.attempts] == [
        "nothing", "nothing", "attempt", "attempt", "crash", "attempt",
    ]  # fmt: skip
    assert (shown.attempts[2].waited, shown.attempts[2].ran) == (1.0, 1.0)
    assert shown.waiting == ()


async def test_a_failure_is_shown_with_its_hint_and_traceback(inspector: Inspector, factory: Factory) -> None:
    shown = await inspector.job(await factory.discarded("page 3 is broken"))
    assert shown.failure is not None
    assert (shown.failure.code, shown.failure.hint) == ("bad_input", "Send another file.")
    assert "Traceback" in shown.failure.traceback
    assert shown.failure.fingerprint == shown.row.error_fingerprint
    assert shown.timeline[-1].text.endswith("page 3 is broken (Send another file.)")


async def test_what_belongs_to_a_job(inspector: Inspector, factory: Factory) -> None:
    parent = await factory.send()
    delivery = await factory.claim()
    child = NewJob(id=factory.clock.new_id(), kind="test.child", args="{}")
    artefact = Artefact("out.pdf", "memory://out.pdf", "application/pdf", 10, "ab", {"pages": 2})
    await factory.settle(delivery, Completed(None, (artefact,), (child,)))
    shown = await inspector.job(parent)
    assert [row.id for row in shown.children] == [child.id]
    assert [(one.name, one.facts) for one in shown.artefacts] == [("out.pdf", {"pages": 2})]
    assert (await inspector.job(child.id)).row.parent_id == parent


async def test_secrets_are_hidden(inspector: Inspector, factory: Factory, database: Database) -> None:
    args = {"source": "https://ann:pw@host/a.docx?sig=abc&page=2", "password": "pw", "max_tokens": 5}
    job_id = await factory.discarded(
        "can't read https://ann:pw@host", args=json.dumps(args), headers={"authorization": "Bearer abc"}
    )
    line = LogLine(job_id, 1, 1, Level.INFO, "token in https://h/?token=abc", {"api_key": "abc"})
    await Recorder(database).record([line])
    shown = await inspector.job(job_id)
    assert shown.args == {"source": "https://ann:•••@host/a.docx?sig=•••&page=2", "password": "•••", "max_tokens": 5}
    assert shown.headers == {"authorization": "•••"}
    assert shown.row.error_message == "can't read https://ann:•••@host"
    assert shown.failure is not None
    assert "pw" not in shown.failure.message + shown.failure.traceback.partition("raise")[0]
    assert (shown.events[0].text, shown.events[0].fields) == ("token in https://h/?token=•••", {"api_key": "•••"})
    assert "pw" not in repr(shown.timeline)


async def test_an_unknown_job(inspector: Inspector) -> None:
    with pytest.raises(NotFound, match="no job 'nope'"):
        await inspector.job("nope")


async def test_the_newest_events_and_every_notice_are_shown(
    inspector: Inspector, factory: Factory, database: Database, broker: SqlBroker
) -> None:
    job_id = await factory.send()
    await factory.claim()
    await broker.cancel(job_id)
    await Recorder(database).record([LogLine(job_id, 1, 1, Level.INFO, str(number)) for number in range(600)])
    shown = await inspector.job(job_id)
    assert shown.events[0].name == "cancel requested"
    assert [event.text for event in shown.events[1:]] == [str(number) for number in range(100, 600)]
    assert "cancel requested" in [step.text for step in shown.timeline]


async def test_why_a_job_waits(
    inspector: Inspector, factory: Factory, broker: SqlBroker, database: Database, clock: MovableClock
) -> None:
    workers = Workers(database)
    first = await factory.send(queue="docs", tenant="acme", limit_key="host-1")
    assert await reasons(inspector, first) == ["no_worker"]
    await workers.beat(card(queues=("mail",)))
    assert await reasons(inspector, first) == ["queue_unserved"]
    await workers.beat(card(queues=("docs",), kinds=("other.kind",)))
    assert await reasons(inspector, first) == ["kind_unserved"]
    await workers.beat(card(queues=("docs",)))
    assert await reasons(inspector, first) == []
    await factory.claim()
    second = await factory.send(queue="docs", tenant="acme", limit_key="host-1")
    assert await reasons(inspector, second) == ["busy"]
    await workers.beat(card(queues=("docs",), slots=2))
    await broker.set_caps("docs", Caps(queue=1, tenant=1, limit_key=1))
    assert await reasons(inspector, second) == ["cap_queue", "cap_tenant", "cap_limit_key"]
    await broker.set_caps("docs", Caps(queue=2, limit_key=2))
    await broker.pause("docs")
    assert await reasons(inspector, second) == ["paused"]
    await broker.resume("docs")
    assert await reasons(inspector, second) == []
    clock.move(31)
    assert await reasons(inspector, second) == ["no_worker"]


async def test_when_a_job_runs_is_told(inspector: Inspector, factory: Factory, clock: MovableClock) -> None:
    scheduled = await factory.send(run_at=clock.now() + 60_000_000)
    [reason, _] = (await inspector.job(scheduled)).waiting
    assert (reason.code, reason.until) == ("scheduled", START + 60_000_000)
    failed = await factory.retrying()
    [reason, _] = (await inspector.job(failed)).waiting
    assert (reason.code, reason.until) == ("retry", (await inspector.job(failed)).row.run_at)
