"""What must hold under fire: killed executors and dispatchers, handlers that block, allocate, hang or do not listen."""

import os
import signal
import sqlite3
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from millhand import App, Job
from millhand.core.clock import SystemClock
from millhand.core.state import State
from tests.integration.worker.faults_app import (
    Allocates,
    BlocksLoop,
    Deadly,
    Deaf,
    Family,
    HoldsInterpreter,
    LargeFollowUp,
    Listens,
    Obeys,
    Quick,
    StuckHolding,
    StuckInThread,
    StuckOnLoop,
    Told,
    Unspeakable,
    Waits,
)
from tests.integration.worker.serving import (
    app_in,
    called,
    calls,
    causes,
    executors_of,
    has_ended,
    let_end,
    process_serving,
    record_of,
    said,
    serving,
    settled,
)
from tests.support import poll_until

_TRIES = 3


@pytest.mark.parametrize("executors", [1, 2])
async def test_the_job_of_a_killed_executor_runs_again_in_under_two_seconds(tmp_path: Path, executors: int) -> None:
    app = app_in(tmp_path, executors=executors)
    async with serving(app):
        await _done_within(2.0, partial(_kill_its_executor, app, tmp_path))


async def _kill_its_executor(app: App, folder: Path) -> float:
    """Kill the executor of a job; returns the seconds until the job ran again."""
    job = await app.enqueue(Obeys(folder=folder))
    (first,) = await called(folder, job)
    killed_at = time.time_ns() // 1000
    os.kill(first.pid, signal.SIGKILL)
    _, second = await called(folder, job, times=2)
    let_end(folder, job, attempt=2)
    record = await settled(app, job)
    assert (record.state, record.failures, record.crashes) == (State.COMPLETED, 0, 1)
    return (second.at - killed_at) / 1e6


async def test_a_handler_that_holds_the_interpreter_beyond_its_lease_loses_nothing(tmp_path: Path) -> None:
    app = app_in(tmp_path, lease=1.5)
    async with serving(app):
        job = await app.enqueue(HoldsInterpreter(folder=tmp_path, seconds=4.0))
        record = await settled(app, job)
    assert (record.state, record.failures, record.crashes) == (State.COMPLETED, 0, 0)
    assert len(calls(tmp_path, job)) == 1


async def test_a_handler_that_allocates_without_end_is_killed_and_others_go_on(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with serving(app) as worker:
        job = await app.enqueue(Allocates(folder=tmp_path))
        await called(tmp_path, job)
        others = [await app.enqueue(Quick(folder=tmp_path)) for _ in range(20)]
        for other in others:
            assert (await settled(app, other)).state is State.COMPLETED
        record = await settled(app, job)
        await poll_until(lambda: worker.executors()["ready"] == 2, within=30, what="both executors ready again")
    assert (record.state, record.failures, record.crashes) == (State.DISCARDED, 0, 2)
    assert record.failure is not None
    assert record.failure.code == "memory_limit"
    assert len(calls(tmp_path, job)) == 2


async def test_a_job_that_takes_its_executor_down_is_charged_and_no_other(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app):
        await _make_quick(app, tmp_path)
        many = [Deadly(folder=tmp_path) if number % 10 == 5 else Quick(folder=tmp_path) for number in range(30)]
        for job in await app.enqueue_many(many):
            record = await settled(app, job)
            deadly = job.kind == Deadly.kind
            expected = (State.DISCARDED, 2) if deadly else (State.COMPLETED, 0)
            assert (record.state, record.crashes) == expected
            assert len(calls(tmp_path, job)) == 2 or not deadly


@pytest.mark.parametrize("stuck", [StuckInThread, StuckOnLoop, StuckHolding])
async def test_the_hard_limit_kills_a_stuck_handler_and_charges_an_attempt(tmp_path: Path, stuck: type[Told]) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app):
        job = await app.enqueue(stuck(folder=tmp_path))
        await called(tmp_path, job)
        record = await settled(app, job)
        other = await app.enqueue(Quick(folder=tmp_path))
        assert (await settled(app, other)).state is State.COMPLETED
    assert (record.state, record.failures, record.crashes) == (State.DISCARDED, 1, 0)
    assert record.failure is not None
    assert record.failure.code == "hard_limit"


async def test_jobs_behind_one_that_blocks_its_executor_are_taken_back(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with serving(app):
        await _make_quick(app, tmp_path)
        holder = await app.enqueue(BlocksLoop(folder=tmp_path))
        others = [await app.enqueue(Quick(folder=tmp_path)) for _ in range(40)]
        for other in others:
            await settled(app, other)
        assert (await record_of(app, holder)).state is State.RUNNING
        let_end(tmp_path, holder)
        await settled(app, holder)
        assert len(calls(tmp_path, holder)) == 1


async def test_what_waits_behind_a_slow_job_is_left_to_a_worker_that_is_free(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app) as worker:
        await _make_quick(app, tmp_path)
        slow = await app.enqueue(Obeys(folder=tmp_path))
        waiting = [await app.enqueue(Quick(folder=tmp_path)) for _ in range(10)]
        await called(tmp_path, slow)
        async with process_serving(app):
            for each in waiting:
                record = await settled(app, each)
                assert (record.state, record.failures, record.crashes) == (State.COMPLETED, 0, 0)
            assert [held.job_id for held in worker.dispatcher.holdings] == [slow.id]
            let_end(tmp_path, slow)
            await settled(app, slow)


@pytest.mark.parametrize("kind", [Waits, Listens])
async def test_a_cancel_reaches_a_cooperative_handler_within_a_second(tmp_path: Path, kind: type[Told]) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app):
        await _done_within(1.0, partial(_cancel_one, app, kind(folder=tmp_path, seconds=60)))


async def _cancel_one(app: App, args: Told) -> float:
    """Cancel a running job; returns the seconds until it was settled."""
    job = await app.enqueue(args)
    (call,) = await called(args.folder, job)
    began = time.monotonic()
    await app.cancel(job)
    record = await settled(app, job)
    took = time.monotonic() - began
    assert record.state is State.CANCELLED
    assert psutil.pid_exists(call.pid)
    return took


async def test_a_cancel_kills_a_handler_that_does_not_listen(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1, kill_after=0.5)
    async with serving(app):
        job = await app.enqueue(Deaf(folder=tmp_path))
        (call,) = await called(tmp_path, job)
        await app.cancel(job)
        record = await settled(app, job)
        await poll_until(lambda: not psutil.pid_exists(call.pid))
    assert (record.state, record.failures, record.crashes) == (State.CANCELLED, 0, 0)


async def test_a_drain_lets_the_running_job_end_and_releases_the_others_uncharged(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app) as worker:
        await _make_quick(app, tmp_path)
        running, *waiting = await app.enqueue_many([_obeys_or_quick(tmp_path, number) for number in range(30)])
        await called(tmp_path, running)
        worker.dispatcher.drain()
        await poll_until(lambda: len(worker.dispatcher.holdings) == 1, within=30, what="the others are handed back")
        let_end(tmp_path, running)
        assert (await settled(app, running)).state is State.COMPLETED
    async with app:
        for job in waiting:
            record = await record_of(app, job)
            assert (record.state, record.failures, record.crashes) == (State.AVAILABLE, 0, 0)
        assert {cause for job in waiting for cause, _ in await causes(app, job)} <= {"released"}


async def test_a_drain_interrupts_what_outlasts_the_grace_time_uncharged(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=2, grace=0.3, kill_after=0.3)
    async with serving(app) as worker:
        jobs = [await app.enqueue(kind(folder=tmp_path, seconds=60)) for kind in (Waits, Deaf)]
        for job in jobs:
            await called(tmp_path, job)
        worker.dispatcher.drain()
    async with app:
        for job in jobs:
            record = await record_of(app, job)
            assert (record.state, record.failures, record.crashes) == (State.AVAILABLE, 0, 0)
            assert await causes(app, job) == [("released", "available")]


async def test_a_job_that_arrives_while_an_idle_worker_drains_is_not_kept(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1, poll=1.0)
    async with serving(app) as worker:
        worker.dispatcher.drain()
        await poll_until(lambda: not worker.loops(), what="all parts but the fetcher have been stopped")
        job = await app.enqueue(Quick(folder=tmp_path))
    async with app:
        record = await record_of(app, job)
    assert (record.state, record.failures, record.crashes) == (State.AVAILABLE, 0, 0)


async def test_an_abort_hands_back_what_runs_and_what_waits_behind_it_uncharged(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app) as worker:
        await _make_quick(app, tmp_path)
        jobs = [await app.enqueue(Deaf(folder=tmp_path)), *await app.enqueue_many([Quick(folder=tmp_path)] * 30)]
        await called(tmp_path, jobs[0])
        worker.dispatcher.abort()
    async with app:
        for job in jobs:
            record = await record_of(app, job)
            assert (record.state, record.failures, record.crashes) == (State.AVAILABLE, 0, 0)


async def test_a_second_signal_aborts(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1, grace=60.0)
    async with app, process_serving(app) as process:
        job = await app.enqueue(Deaf(folder=tmp_path))
        (call,) = await called(tmp_path, job)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        await poll_until(lambda: process.returncode is not None, within=30, what="the worker ends")
        record = await record_of(app, job)
        assert not psutil.pid_exists(call.pid)
    assert (record.state, record.failures, record.crashes) == (State.AVAILABLE, 0, 0)


@pytest.mark.parametrize("hold", [False, True], ids=["waiting", "holding the interpreter"])
async def test_a_killed_dispatcher_takes_its_executors_and_their_families_along(tmp_path: Path, hold: bool) -> None:  # noqa: FBT001 - a parameter of the test
    app = app_in(tmp_path, executors=1, lease=2.0)
    async with app, process_serving(app) as process:
        job = await app.enqueue(Family(folder=tmp_path, hold=hold))
        await called(tmp_path, job)
        (executor,) = executors_of(process.pid)
        family = [executor, *executor.children(recursive=True)]
        assert len(family) == 2
        process.kill()
        await poll_until(lambda: not any(_alive(each) for each in family), within=30, what="the family ends")
        assert (await record_of(app, job)).state is State.RUNNING
    async with serving(app):
        await called(tmp_path, job, times=2)
        record = await record_of(app, job)
        assert (record.state, record.crashes) == (State.RUNNING, 1)
        await app.cancel(job)
        await settled(app, job)
        for relative in psutil.Process().children(recursive=True):
            if "time.sleep(600)" in " ".join(relative.cmdline()):
                relative.kill()


async def test_a_frozen_dispatcher_can_not_settle_what_another_has_taken_over(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1, lease=1.5)
    async with app, process_serving(app) as frozen:
        job = await app.enqueue(Obeys(folder=tmp_path))
        (first,) = await called(tmp_path, job)
        await poll_until(lambda: _frozen_outside_a_write(frozen, tmp_path), what="the dispatcher is frozen")
        lease_until = await poll_until(lambda: _lease_until(tmp_path), what="it is leased")
        async with serving(app) as worker:
            _, second = await called(tmp_path, job, times=2)
            assert lease_until is not None
            assert second.at >= lease_until
            let_end(tmp_path, job)
            await poll_until(lambda: has_ended(tmp_path, job), within=30, what="the handler of the first attempt ends")
            frozen.send_signal(signal.SIGCONT)
            frozen.send_signal(signal.SIGTERM)
            await poll_until(lambda: frozen.returncode is not None, within=30, what="the frozen worker has ended")
            assert (await record_of(app, job)).state is State.RUNNING
            assert await _refused(app, job) or "lease lost" in said(tmp_path)
            let_end(tmp_path, job, attempt=2)
            assert (await settled(app, job)).state is State.COMPLETED
            assert await causes(app, job) == [("lease expired", "available"), ("succeeded", "completed")]
            last = (await app.history(job)).attempts[-1]
            assert last.worker == worker.id
    assert second.pid != first.pid


async def test_a_worker_whose_machine_slept_keeps_its_jobs(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1, lease=1.5)
    app.clock = clock = _Calendar()
    async with serving(app):
        job = await app.enqueue(Obeys(folder=tmp_path))
        await called(tmp_path, job)
        for _ in range(5):
            clock.ahead += 3_600_000_000
            await _renewed_beyond(tmp_path, clock.now())
        let_end(tmp_path, job)
        record = await settled(app, job)
    assert (record.state, record.failures, record.crashes) == (State.COMPLETED, 0, 0)
    assert len(calls(tmp_path, job)) == 1


async def test_a_killed_executor_takes_its_family_along(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app) as worker:
        job = await app.enqueue(Family(folder=tmp_path))
        (call,) = await called(tmp_path, job)
        (relative,) = psutil.Process(call.pid).children()
        worker.dispatcher.drain()
        os.kill(call.pid, signal.SIGKILL)
        await poll_until(lambda: not _alive(relative), within=30, what="the family ends")


async def test_an_executor_that_is_told_to_end_ends_its_job_first(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app) as worker:
        job = await app.enqueue(Waits(folder=tmp_path, seconds=1.0))
        (call,) = await called(tmp_path, job)
        os.kill(call.pid, signal.SIGTERM)
        record = await settled(app, job)
        assert (record.state, record.failures, record.crashes) == (State.COMPLETED, 0, 0)
        assert len(calls(tmp_path, job)) == 1
        await poll_until(lambda: not psutil.pid_exists(call.pid), within=30, what="the executor ends")
        await poll_until(lambda: worker.executors()["ready"] == 1, within=30, what="a new executor is ready")


async def test_a_follow_up_job_that_is_too_large_is_its_parents_fault_alone(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app):
        job = await app.enqueue(LargeFollowUp(folder=tmp_path))
        record = await settled(app, job)
        other = await app.enqueue(Quick(folder=tmp_path))
        assert (await settled(app, other)).state is State.COMPLETED
    assert record.state is State.DISCARDED
    assert record.failure is not None
    assert record.failure.code == "payload_too_large"


async def test_text_that_is_not_unicode_harms_nobody(tmp_path: Path) -> None:
    app = app_in(tmp_path, executors=1)
    async with serving(app):
        job = await app.enqueue(Unspeakable(folder=tmp_path))
        record = await settled(app, job)
        other = await app.enqueue(Quick(folder=tmp_path))
        assert (await settled(app, other)).state is State.COMPLETED
    assert record.state is State.DISCARDED
    assert record.failure is not None
    assert record.failure.message == "caf?"


async def _refused(app: App, job: Job[Any]) -> bool:
    events = await (await app.backend()).inspector.events_since(job.id)
    return any(event.name == "settlement refused" for event in events)


def _lease_until(folder: Path) -> int | None:
    """The end of the lease of the only job, in microseconds; None if nobody holds it."""
    with closing(sqlite3.connect(folder / "millhand.db")) as connection:
        (until,) = connection.execute("SELECT lease_until FROM jobs").fetchone()
        return until


def _frozen_outside_a_write(process: Process, folder: Path) -> bool:
    """Freeze a process; thaw it again if that hit it in a transaction, for which all other writers would wait."""
    process.send_signal(signal.SIGSTOP)
    with closing(sqlite3.connect(folder / "millhand.db", timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            return False
    return True


class _Calendar(SystemClock):
    """A clock that can leap ahead, as a calendar does over a machine that sleeps, which counts no seconds meanwhile."""

    ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


async def _renewed_beyond(folder: Path, instant: int) -> None:
    """Wait until the lease of the only job ends later, or is over."""

    def renewed() -> bool:
        until = _lease_until(folder)
        return until is None or until > instant

    await poll_until(renewed, within=30, what="the lease is renewed")


async def _make_quick(app: App, folder: Path) -> None:
    """Have the executors show how quick their jobs are, so that they are given jobs ahead."""
    for job in await app.enqueue_many([Quick(folder=folder)] * 60):
        await settled(app, job)


def _obeys_or_quick(folder: Path, number: int) -> Told:
    return Obeys(folder=folder) if number == 0 else Quick(folder=folder)


async def _done_within(seconds: float, measured: Callable[[], Awaitable[float]]) -> None:
    """One of a few tries must be so quick: a machine that is busy with other things may hold up the others."""
    took: list[float] = []
    while len(took) < _TRIES:
        took.append(await measured())
        if took[-1] < seconds:
            return
    pytest.fail(f"wanted within {seconds} s; the tries took {took}")


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
