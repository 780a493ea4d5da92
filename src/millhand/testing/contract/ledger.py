"""What a ledger must do, whatever database it stands on. Inherit `LedgerContract`; give it the fixture `database`."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa

from millhand.brokers.sql import SqlBroker
from millhand.brokers.sql.send import insert_jobs
from millhand.core.artefact import Artefact
from millhand.core.clock import after
from millhand.core.cron import Cron, Missed
from millhand.core.events import Level, LogLine, Notice, Progress
from millhand.core.job import Delivery, NewJob
from millhand.core.outcome import Completed, Outcome
from millhand.core.retry import RetryPolicy
from millhand.core.settlement import Run, settlement
from millhand.core.state import State
from millhand.database import Database
from millhand.database.tables import schedules
from millhand.ledger.audit import Audit
from millhand.ledger.filters import JobFilter
from millhand.ledger.inspector import Inspector
from millhand.ledger.recorder import Keep, Recorder
from millhand.ledger.retention import Retention, prune
from millhand.ledger.schedules import Schedule, Schedules
from millhand.ledger.workers import WorkerCard, Workers

_NO_RETENTION = Retention(ages={State.COMPLETED: 0.0}, workers=0.0, audit=0.0)


class LedgerContract:
    """The clauses. Each test gets an opened database of its own."""

    @pytest.fixture
    def database(self) -> AsyncIterator[Database]:
        """The database to test, open and empty."""
        raise NotImplementedError

    @pytest.fixture
    async def broker(self, database: Database) -> AsyncIterator[SqlBroker]:
        """Where the jobs come from."""
        broker = SqlBroker(database, queues=(), worker="worker-1", lease=60.0)
        await broker.open()
        yield broker
        await broker.close()

    async def test_events_come_back_as_they_were_reported(self, database: Database, broker: SqlBroker) -> None:
        """Log lines, progress and notices are read in order, with every field; a follower sees each once."""
        delivery = await _running(database, broker)
        job_id, now = delivery.job_id, database.clock.now()
        recorder, inspector = Recorder(database), Inspector(database)
        await recorder.record([LogLine(job_id, 1, now, Level.INFO, "Größe 😀", {"pages": 3})])
        await recorder.record(
            [Progress(job_id, 1, now, 0.5, "half"), Notice(job_id, 1, now, "engine restarted", "why")]
        )
        seen = await inspector.events_since(job_id)
        assert [(event.name, event.text, event.level) for event in seen] == [
            ("log", "Größe 😀", Level.INFO),
            ("progress", "half", None),
            ("engine restarted", "why", None),
        ]
        assert [event.fields for event in seen] == [{"pages": 3}, {"fraction": 0.5}, {}]
        assert await inspector.events_since(job_id, seen[0].seq) == seen[1:]
        assert await inspector.events_since(job_id, seen[-1].seq) == ()

    async def test_the_latest_progress_stands_on_the_job(self, database: Database, broker: SqlBroker) -> None:
        """Of several reports in a batch the last one counts; one of another attempt, or after the end, does not."""
        delivery = await _running(database, broker)
        recorder, now = Recorder(database), database.clock.now()
        await recorder.record([Progress(delivery.job_id, 1, now, part / 10, f"{part}") for part in range(8)])
        await recorder.record([Progress(delivery.job_id, 2, now, 0.1, "of another attempt")])
        assert await _progress(database, delivery) == (0.7, "7")
        assert len(await Inspector(database).events_since(delivery.job_id)) == 2
        await _settle(database, broker, delivery)
        await recorder.record([Progress(delivery.job_id, 1, now, 0.2, "too late")])
        assert await _progress(database, delivery) == (0.7, "7")

    async def test_a_job_that_reports_without_end_is_bounded(self, database: Database, broker: SqlBroker) -> None:
        """The newest log lines and reports are kept, and every notice."""
        delivery = await _running(database, broker)
        keep = Keep(log=50, progress=5, slack=20)
        recorder, now = Recorder(database, keep), database.clock.now()
        await recorder.record([Notice(delivery.job_id, 1, now, "first of all")])
        for number in range(200):
            line = LogLine(delivery.job_id, 1, now, Level.INFO, str(number))
            await recorder.record([line, Progress(delivery.job_id, 1, now, number / 200)])
        seen = await Inspector(database).events_since(delivery.job_id, limit=1_000)
        lines = [event.text for event in seen if event.name == "log"]
        assert seen[0].name == "first of all"
        assert lines == [str(number) for number in range(200 - len(lines), 200)]
        assert keep.log <= len(lines) <= keep.log + keep.slack
        assert keep.progress <= sum(event.name == "progress" for event in seen) <= keep.progress + keep.slack

    async def test_cancel_requests_are_told_of_running_jobs(self, database: Database, broker: SqlBroker) -> None:
        """Only of those asked for, and only while they run."""
        first, second = await _running(database, broker), await _running(database, broker)
        recorder = Recorder(database)
        assert await recorder.cancel_requests([first.job_id, second.job_id]) == set()
        await broker.cancel(first.job_id)
        assert await recorder.cancel_requests([first.job_id, second.job_id, "unknown"]) == {first.job_id}
        assert await recorder.cancel_requests([second.job_id]) == set()
        assert await recorder.cancel_requests([]) == set()

    async def test_a_tick_is_fired_once_by_many_schedulers(self, database: Database) -> None:
        """However many workers look at the same time, one of them enqueues the job."""
        stored = Schedules(database)
        await stored.put(Schedule(name="new-year", cron=Cron("0 0 1 1 *"), kind="test.kind", missed=Missed.ONCE))
        await _make_due(database, "new-year")

        def insert(connection: sa.Connection, new: Sequence[NewJob]) -> object:
            return insert_jobs(connection, new, database.clock.now())

        fired = await asyncio.gather(*(Schedules(database).fire_due(insert) for _ in range(20)))
        page = await Inspector(database).jobs()
        assert sum(len(jobs) for jobs in fired) == 1
        assert [row.kind for row in page.rows] == ["test.kind"]
        [view] = await Inspector(database).schedules()
        assert (view.last_job_id, view.next_at > database.clock.now()) == (page.rows[0].id, True)

    async def test_pruning_leaves_nothing_of_a_job(self, database: Database, broker: SqlBroker) -> None:
        """A job that ended goes with its attempts, events and artefacts; one that has not stays."""
        ended, running = await _running(database, broker), await _running(database, broker)
        await Recorder(database).record([LogLine(ended.job_id, 1, database.clock.now(), Level.INFO, "bye")])
        artefact = Artefact("out", "memory://out", "text/plain", 1, "00")
        await _settle(database, broker, ended, Completed('"done"', (artefact,)))
        pruned = await prune(database, _NO_RETENTION)
        assert (pruned.jobs, pruned.events, pruned.more) == (1, 1, False)
        assert await _rows_left(database) == {"jobs": 1, "attempts": 0, "events": 0, "artefacts": 0}
        assert [row.id for row in (await Inspector(database).jobs()).rows] == [running.job_id]

    async def test_workers_are_known_by_their_heartbeats(self, database: Database) -> None:
        """The first beat registers a worker, later ones change it; it can be forgotten, and forgets are harmless."""
        workers, inspector = Workers(database), Inspector(database)
        card = WorkerCard(
            id="w1", host="h", pid=7, version="1", queues=("docs",), kinds=("a.b",), slots=2, started_at=1
        )
        await workers.beat(card)
        await workers.beat(replace(card, state="draining", facts={"done": 5}))
        [seen] = await inspector.workers()
        assert (seen.queues, seen.kinds, seen.state, seen.facts) == (("docs",), ("a.b",), "draining", {"done": 5})
        assert not seen.silent
        await workers.forget("w1")
        await workers.forget("w1")
        assert await inspector.workers() == ()

    async def test_the_audit_trail_is_read_in_pages(self, database: Database) -> None:
        """Newest first, nothing left out."""
        audit, inspector = Audit(database), Inspector(database)
        for number in range(5):
            await audit.record("cli:ann", "job.retry", f"job-{number}", {"api_key": "hidden", "n": number})
        first = await inspector.audit(limit=3)
        rest = await inspector.audit(before=first.next, limit=3)
        assert [entry.target for entry in (*first.entries, *rest.entries)] == [f"job-{n}" for n in (4, 3, 2, 1, 0)]
        assert rest.next is None
        assert first.entries[0].details == {"api_key": "•••", "n": 4}

    async def test_the_writer_of_a_job_and_its_readers_agree(self, database: Database, broker: SqlBroker) -> None:
        """What the broker settled is what the inspector shows: state, result, attempt, artefact."""
        delivery = await _running(database, broker)
        artefact = Artefact("out.pdf", "memory://out.pdf", "application/pdf", 10, "ab", {"pages": 2})
        await _settle(database, broker, delivery, Completed(json.dumps({"pages": 2}), (artefact,)))
        inspector = Inspector(database)
        shown = await inspector.job(delivery.job_id)
        [kept] = shown.artefacts
        assert (shown.row.state, shown.result, len(shown.attempts)) == (State.COMPLETED, {"pages": 2}, 1)
        assert (kept.name, kept.facts) == ("out.pdf", {"pages": 2})
        assert await inspector.artefact(delivery.job_id, kept.seq) == artefact
        assert (await inspector.jobs(JobFilter(states=frozenset({State.COMPLETED})))).rows == (shown.row,)


async def _running(database: Database, broker: SqlBroker) -> Delivery:
    """A job that was sent and claimed."""
    await broker.send([NewJob(id=database.clock.new_id(), kind="test.kind", args="{}")])
    [delivery] = await broker.receive(1, 5.0)
    return delivery


async def _settle(database: Database, broker: SqlBroker, delivery: Delivery, outcome: Outcome | None = None) -> None:
    now = database.clock.now()
    run = Run(started_at=now, finished_at=now, executor="executor-1")
    told = settlement(delivery, outcome or Completed(), RetryPolicy(), run, 0.5)
    assert await broker.settle([told]) == [True]


async def _progress(database: Database, delivery: Delivery) -> tuple[float | None, str]:
    row = (await Inspector(database).job(delivery.job_id)).row
    return row.progress, row.progress_text


async def _make_due(database: Database, name: str) -> None:
    planned = sa.update(schedules).where(schedules.c.name == name)
    past = after(database.clock.now(), -30.0)
    await database.write(lambda connection: connection.execute(planned.values(next_at=past)) and None)


async def _rows_left(database: Database) -> dict[str, int]:
    def count(connection: sa.Connection) -> dict[str, int]:
        tables = schedules.metadata.tables
        names = ("jobs", "attempts", "events", "artefacts")
        return {name: connection.scalar(sa.select(sa.func.count()).select_from(tables[name])) or 0 for name in names}

    return await database.read(count)
