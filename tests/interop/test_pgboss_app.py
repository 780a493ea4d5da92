"""An app with a worker on the queues of a Node application: both see what happened, and the ledger remembers it."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from millhand import App
from millhand.app.backend import Backend
from millhand.app.journaled import JournaledBroker
from millhand.app.running import open_worker
from millhand.config import Settings
from millhand.config.settings import WorkerSettings
from millhand.core.clock import SystemClock
from millhand.core.durability import Durability
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import State
from tests.interop import printing
from tests.interop.conftest import Application
from tests.interop.pgboss import MAIN_VERSION
from tests.interop.printing import PrintInvoice
from tests.support import poll_until

pytestmark = pytest.mark.leaves("the application's client opens connections, and keeps them for the next test")


@pytest.fixture
def node(applications: Callable[[str], Application]) -> Application:
    return applications(MAIN_VERSION)


def app_on(node: Application, queue: str, folder: Path) -> App:
    """The app, with its ledger in a folder, on one queue of the application."""
    settings = Settings(
        database=f"sqlite:///{folder}/ledger.db",
        data_dir=folder,
        blob_roots=(folder,),
        broker=f"{node.broker_url}?kinds={queue}:invoice.print",
        worker=WorkerSettings(executors=1, slots=2, queues=(queue,), lease=5.0, poll=0.2),
    )
    app = App(settings=settings)
    app.include(printing.app)
    return app


@asynccontextmanager
async def working(app: App) -> AsyncGenerator[None]:
    """A worker of the app, while the block lasts."""
    async with app, open_worker(app, "tests.interop.printing:app") as worker:
        running = asyncio.create_task(worker.run())
        try:
            await poll_until(lambda: worker.executors()["ready"] == 1, within=30)
            yield
        finally:
            worker.dispatcher.drain()
            await running


async def test_both_sides_see_what_happened(node: Application, tmp_path: Path) -> None:
    queue = node.queue(retryLimit=0)
    app = app_on(node, queue, tmp_path)
    async with working(app):
        good = node.send(queue, {"how": "well"}, priority=4)
        bad = node.send(queue, {"how": "badly"})
        await poll_until(lambda: node.job(queue, bad)["state"] == "failed", within=20)
        await poll_until(lambda: node.job(queue, good)["state"] == "completed", within=20)
        assert node.job(queue, good)["output"] == {"pages": 3}
        assert node.job(queue, bad)["output"]["code"] == "no_address"

        job = await app.job(good)
        assert (job.kind, job.queue, job.state, job.priority) == ("invoice.print", queue, State.COMPLETED, 4)
        assert (job.args, job.result) == (PrintInvoice(how="well"), {"pages": 3})
        await poll_until(lambda: _has_printed(app, good), within=10)
        assert [attempt.state for attempt in (await app.history(good)).attempts] == [State.COMPLETED]
        failed = await app.job(bad)
        assert (failed.state, failed.failure and failed.failure.code) == (State.DISCARDED, "no_address")
        assert {each.id for each in await app.find("kind:invoice.print")} == {good, bad}


async def _has_printed(app: App, job_id: str) -> bool:
    return "printing" in [event.text for event in (await app.history(job_id)).events]


async def test_a_failure_that_is_tried_again_by_node(node: Application, tmp_path: Path) -> None:
    """The ledger first has our try, and in the end what Node made of it."""
    queue = node.queue(retryLimit=1, retryDelay=60)
    app = app_on(node, queue, tmp_path)
    async with working(app):
        job_id = node.send(queue, {"how": "poorly"})
        await poll_until(lambda: node.job(queue, job_id)["state"] == "retry", within=20)
        await poll_until(lambda: _state(app, job_id, State.RETRYABLE))
    node.sql("UPDATE pgboss.job SET start_after = now() WHERE id = %s", job_id)
    node.boss.call("fetch", queue)
    node.boss.call("complete", queue, job_id, {"by": "node"})
    async with app:
        job = await app.wait(await app.job(job_id), timeout=5)
        assert (job.state, job.result, job.failures) == (State.COMPLETED, {"by": "node"}, 1)
        history = await app.history(job_id)
        assert [attempt.failure and attempt.failure.message for attempt in history.attempts] == [
            "the printer is out of paper"
        ]


async def _state(app: App, job_id: str, state: State) -> bool:
    return (await app.job(job_id)).state is state


async def test_a_job_that_node_cancels_is_stopped(node: Application, tmp_path: Path) -> None:
    queue = node.queue()
    app = app_on(node, queue, tmp_path)
    async with working(app):
        job_id = node.send(queue, {"how": "for ever"})
        await poll_until(lambda: _state(app, job_id, State.RUNNING), within=20)
        await poll_until(lambda: _has_printed(app, job_id), within=10)
        assert not await _ended(app, job_id)
        loop = asyncio.get_running_loop()
        cancelled_at = loop.time()
        node.boss.call("cancel", queue, job_id)
        await poll_until(lambda: _ended(app, job_id), within=5)
        assert loop.time() - cancelled_at < 2.5
        assert node.job(queue, job_id)["state"] == "cancelled"
        assert (await app.job(job_id)).state is State.CANCELLED


async def _ended(app: App, job_id: str) -> bool:
    return bool((await app.history(job_id)).attempts)


async def test_what_the_app_sends_can_be_waited_for(node: Application, tmp_path: Path) -> None:
    """Whoever works on it: here a Node worker, of whom our ledger hears nothing."""
    queue = node.queue()
    app = app_on(node, queue, tmp_path)
    async with app:
        job = await app.enqueue(PrintInvoice(how="anywhere"), queue=queue)
        assert (await app.job(job.id)).state is State.AVAILABLE
        [fetched] = node.boss.call("fetch", queue)
        assert fetched["data"] == {"how": "anywhere", "to": ""}
        assert (await app.job(job.id)).state is State.RUNNING
        node.boss.call("complete", queue, job.id, {"pages": 1})
        done = await app.wait(job, timeout=5)
        assert (done.state, done.result) == (State.COMPLETED, {"pages": 1})
        assert await app.retry(job.id)
        assert (await app.job(job.id)).state is State.AVAILABLE


async def test_the_command_line_shows_jobs_of_the_application(
    node: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = node.queue(retryLimit=0)
    app = app_on(node, queue, tmp_path)
    monkeypatch.setenv("MILLHAND_BROKER", app.settings.broker)
    monkeypatch.setenv("MILLHAND_DATABASE", app.settings.database)
    async with working(app):
        waited = await _millhand("enqueue", "invoice.print", "--queue", queue, "--wait")
        sent = node.send(queue, {"how": "badly"})
        assert "printing" in waited
        assert json.loads(waited.splitlines()[-1]) == {"pages": 3}
        await poll_until(lambda: _state(app, sent, State.DISCARDED), within=20)
        listed = [json.loads(line) for line in (await _millhand("jobs", "list", "--json")).splitlines()]
        assert {job["id"]: job["state"] for job in listed}[sent] == "discarded"
        assert [job["queue"] for job in listed] == [queue] * 2
        shown = json.loads(await _millhand("jobs", "show", sent, "--json"))
        assert (shown["row"]["state"], shown["row"]["error_code"]) == ("discarded", "no_address")
        assert "printing" in await _millhand("jobs", "logs", sent)


async def _millhand(*words: str) -> str:
    """What the command line says, to whichever stream."""
    command = (sys.executable, "-m", "millhand", "--app", "tests.interop.printing:app", *words)
    program = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
    said, _ = await program.communicate()
    assert program.returncode == 0, said.decode()
    return said.decode()


async def test_artefacts_are_recorded(node: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLHAND_DATA_DIR", str(tmp_path))  # where executors may write
    queue = node.queue()
    app = app_on(node, queue, tmp_path)
    async with working(app):
        job_id = node.send(queue, {"how": "with a file", "to": f"{tmp_path.as_uri()}/invoice.pdf"})
        await poll_until(lambda: node.job(queue, job_id)["state"] == "completed", within=20)
        await poll_until(lambda: _ended(app, job_id), within=5)
        [artefact] = (await app.history(job_id)).artefacts
        assert artefact.name == "invoice.pdf"


@asynccontextmanager
async def backends(node: Application, queue: str, folder: Path) -> AsyncGenerator[tuple[Backend, Backend]]:
    """Two workers of ours without a dispatcher, with one ledger."""
    place, ledger = f"{node.broker_url}?kinds={queue}:invoice.print", f"sqlite:///{folder}/ledger.db"
    opened = partial(Backend.open, ledger, SystemClock(), durability=Durability.NORMAL, broker_url=place)
    async with AsyncExitStack() as stack:
        found: list[Backend] = []
        for name in ("ours", "other"):
            found.append(await opened(worker=name, lease=0.5, queues=[queue]))
            stack.push_async_callback(found[-1].close)
        yield found[0], found[1]


def journaled(backend: Backend) -> JournaledBroker:
    """Its broker."""
    assert backend.foreign is not None
    return backend.foreign


async def test_what_others_give_up_is_told_before_it_is_noted(node: Application, tmp_path: Path) -> None:
    """Jobs that were held here, and discarded by their owner or, as their lease ran out, by another worker of ours."""
    queue = node.queue(retryLimit=0)
    async with backends(node, queue, tmp_path) as (ours, other):
        told: list[Standing] = []

        async def tell(standing: Standing) -> None:
            assert (await ours.inspector.records([standing.id]))[standing.id].state is State.RUNNING
            told.append(standing)

        failed, left, done = (node.send(queue, {"how": how}) for how in ("badly", "alone", "well"))
        held = await ours.broker.receive(3, 5)
        node.boss.call("fail", queue, failed, {"message": "enough"})
        node.boss.call("complete", queue, done, {})
        await poll_until(other.broker.rescue, within=10)
        assert await ours.broker.extend(held, 5) == [False] * 3
        await journaled(ours).catch_up(tell)
        assert {each.id: each.failure and each.failure.code for each in told} == {
            failed: "exception",
            left: "lease_expired",
        }
        records = await ours.inspector.records([failed, left, done])
        ended = {State.DISCARDED: {failed, left}, State.COMPLETED: {done}}
        assert {state: {each.id for each in records.values() if each.state is state} for state in ended} == ended


async def test_a_worker_that_is_gone_is_spoken_for(node: Application, tmp_path: Path) -> None:
    """Whoever takes its jobs back, and shares its ledger, tells and notes what became of them."""
    queue = node.queue(retryLimit=0)
    async with backends(node, queue, tmp_path) as (ours, other):
        told: list[str] = []

        async def tell(standing: Standing) -> None:
            told.append(standing.id)

        job_id = node.send(queue, {"how": "alone"})
        await ours.broker.receive(1, 5)
        await journaled(other).catch_up(tell)
        assert told == []
        await poll_until(other.broker.rescue, within=10)
        await journaled(other).catch_up(tell)
        assert told == [job_id]
        assert (await other.inspector.records([job_id]))[job_id].state is State.DISCARDED


class Listener:
    """An observer that hears of nothing but jobs that were given up."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def began(self, delivery: Delivery, at: int) -> None: ...

    async def failing(self, settlement: Settlement) -> None: ...

    def settled(self, settlement: Settlement) -> None: ...

    async def given_up(self, standing: Standing) -> None:
        self.told.append(standing.id)


async def test_a_worker_that_starts_tells_of_what_was_given_up_meanwhile(node: Application, tmp_path: Path) -> None:
    queue = node.queue(retryLimit=0)
    async with backends(node, queue, tmp_path) as (ours, _):
        job_id = node.send(queue, {"how": "alone"})
        await ours.broker.receive(1, 5)
        node.boss.call("fail", queue, job_id, {"message": "enough"})
    app, listener = app_on(node, queue, tmp_path), Listener()
    app.observers.append(lambda _: listener)
    async with working(app):
        await poll_until(lambda: listener.told, within=5)
    assert listener.told == [job_id]
