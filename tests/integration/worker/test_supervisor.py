"""Executors are started, replaced and, when they die as fast as they start, started ever more slowly."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog.testing

from millhand.telemetry.metrics import Metrics
from millhand.testing.clock import FakeClock
from millhand.worker.executor_handle import Kill
from millhand.worker.executor_process import ExecutorProcess
from millhand.worker.messages import Message
from millhand.worker.pool import Pool
from millhand.worker.reporter import Reporter
from millhand.worker.settings import ExecutorCommand, WorkerSettings
from millhand.worker.settler import Settler
from millhand.worker.supervisor import Supervisor
from tests.support import poll_until
from tests.unit.worker.brokers import Accepting
from tests.unit.worker.makers import HELLO, Notes, holdings_of

DIES, STAYS = "exit 3", "exec sleep 600"


@dataclass
class Yard:
    """A supervisor, and the executors that it started."""

    clock: FakeClock
    pool: Pool
    metrics: Metrics
    supervisor: Supervisor

    async def turn(self) -> None:
        """Let it look once, and then see the executors end that end by themselves."""
        await self.supervisor.turn()

    async def until_dead(self) -> None:
        """Wait until no executor is left."""
        await poll_until(lambda: not self.pool.executors, within=30)

    @property
    def started(self) -> int:
        """How many were started so far."""
        return int(self.metrics.registry.get_sample_value("millhand_executors_started_total") or 0)


def yard(folder: Path, program: str, **settings: float | None) -> Yard:
    """Set one up for executors that run this shell command."""
    clock, metrics = FakeClock(), Metrics()
    settler = Settler(Accepting(), holdings_of(clock), clock, metrics, lambda: pool.rules, lambda: 0.5)
    pool = Pool(settler, Reporter(Notes(), clock), clock, lambda: None)
    command = ExecutorCommand(argv=("sh", "-c", program, "sh"), workdir=folder)
    told = WorkerSettings(**{"executors": 1, **settings})
    return Yard(clock, pool, metrics, Supervisor(pool, command, told, clock, metrics))


@contextlib.asynccontextmanager
async def ending(yard: Yard) -> AsyncGenerator[Yard]:
    """End what is left."""
    try:
        yield yard
    finally:
        yard.supervisor.stop()
        for executor in list(yard.pool.executors.values()):
            executor.kill(Kill("draining", "the test is over"))
        await yard.supervisor.ended()


async def test_as_many_are_started_as_are_wanted(tmp_path: Path) -> None:
    async with ending(yard(tmp_path, STAYS, executors=3)) as it:
        await it.turn()
        await it.turn()
        assert sorted(it.pool.executors) == ["executor-1", "executor-2", "executor-3"]


async def test_a_stopped_supervisor_starts_none(tmp_path: Path) -> None:
    async with ending(yard(tmp_path, STAYS)) as it:
        it.supervisor.stop()
        await it.turn()
        assert not it.pool.executors


async def test_those_that_die_at_once_are_replaced_ever_more_slowly_and_told_once(tmp_path: Path) -> None:
    pauses: list[float] = []
    with structlog.testing.capture_logs() as logged:
        async with ending(yard(tmp_path, DIES)) as it:
            for _ in range(12):
                await it.turn()
                await it.until_dead()
                began, started = it.clock.monotonic(), it.started
                while it.started == started:
                    await it.turn()
                    if it.started == started:
                        it.clock.advance(0.25)
                pauses.append(it.clock.monotonic() - began)
                await it.until_dead()
                assert it.supervisor.crash_looping == (it.started >= 5)
    assert pauses[0] == 0.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30.0
    assert [line["event"] for line in logged].count("executors die as fast as they start") == 1


async def test_one_job_done_ends_the_crash_loop(tmp_path: Path) -> None:
    async with ending(yard(tmp_path, DIES)) as it:
        for _ in range(5):
            it.clock.advance(60)
            await it.turn()
            await it.until_dead()
        assert it.supervisor.crash_looping
        it.clock.advance(60)
        await it.turn()
        next(iter(it.pool.executors.values())).done = 1
        await it.until_dead()
        assert not it.supervisor.crash_looping


async def test_one_that_does_not_come_up_is_killed_and_replaced(tmp_path: Path) -> None:
    async with ending(yard(tmp_path, STAYS, start_limit=60)) as it:
        await it.turn()
        (first,) = it.pool.executors.values()
        it.clock.advance(61)
        await it.turn()
        assert first.killed is not None
        assert first.killed.reason == "start"
        await it.until_dead()
        await it.turn()
        assert list(it.pool.executors) == ["executor-2"]
        assert not it.supervisor.crash_looping


@pytest.mark.parametrize(
    ("settings", "done", "age", "reason"),
    [
        ({"recycle_jobs": 3}, 3, 0, "jobs"),
        ({"recycle_age": 100.0}, 0, 101, "age"),
        ({"recycle_memory": 1}, 1, 0, "memory"),
        ({"recycle_jobs": 3}, 2, 10_000_000, "age"),
        ({"recycle_jobs": None, "recycle_age": None}, 10**9, 10_000_000, ""),
        ({"recycle_memory": 1 << 50}, 1, 0, ""),
        ({"recycle_memory": 1}, 0, 0, ""),
    ],
)
async def test_one_is_recycled_for_its_jobs_its_age_or_its_memory(
    tmp_path: Path, settings: dict[str, float | None], done: int, age: float, reason: str
) -> None:
    async with ending(yard(tmp_path, STAYS, **settings)) as it:
        await it.turn()
        (executor,) = it.pool.executors.values()
        it.pool.hear(executor, [HELLO])
        executor.done = done
        it.clock.advance(age)
        await it.turn()
        assert executor.retiring == bool(reason)
        counted = it.metrics.registry.get_sample_value(
            "millhand_executor_restarts_total", {"cause": f"recycled: {reason}"}
        )
        assert counted == (1 if reason else None)


async def test_the_end_of_one_is_seen_though_a_child_of_it_holds_the_pipe(tmp_path: Path) -> None:
    async with ending(yard(tmp_path, "sleep 600 & exit 3")) as it:
        await it.turn()

        async def replaced() -> bool:
            await it.turn()
            return it.started > 1

        await poll_until(replaced, within=30)


# The process


async def heard_from(folder: Path, program: str) -> tuple[list[Message], str]:
    """What such a process says, and how it ends."""
    command = ExecutorCommand(argv=("sh", "-c", program, "sh"), workdir=folder, environment={"SAID": "x"})
    process = await ExecutorProcess.start(command, "executor-1")
    messages: list[Message] = []
    how = await asyncio.wait_for(process.listen(messages.extend), 30)
    assert not (folder / "executor-1").exists()
    process.send(HELLO_FRAME)  # nobody is there any more
    return messages, how


HELLO_FRAME = [HELLO]


@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("exit 0", "exited with code 0"),
        ("exit 3", "exited with code 3"),
        ("kill -KILL $$", "was killed by SIGKILL"),
        ("kill -TERM $$", "was killed by SIGTERM"),
        ("exec 1>&-; exec sleep 600", "was killed by SIGKILL"),
        ("printf '\\000\\000\\000\\002hi'; exec sleep 600", "was killed by SIGKILL"),
        ("printf '\\377\\377\\377\\377'; exec sleep 600", "was killed by SIGKILL"),
        ("printf '\\000\\000\\000\\007[[\"No\"]]'; exec sleep 600", "was killed by SIGKILL"),
        ("printf '\\000\\000'", "exited with code 0"),
    ],
)
async def test_every_end_is_seen_and_named(tmp_path: Path, program: str, how: str) -> None:
    assert await heard_from(tmp_path, program) == ([], how)
