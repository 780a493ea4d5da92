"""Whatever a handler says, returns or raises, the worker lives on and the job ends as it should."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from millhand.core.job import Job
from millhand.core.state import State
from tests.integration.worker.conduct_app import Act, Die, Echo
from tests.integration.worker.mill import Mill, app_in, milling
from tests.support import poll_until

ENDINGS: dict[str, tuple[State, str]] = {
    "write_everywhere": (State.COMPLETED, "read ''"),
    "say_odd_things": (State.COMPLETED, "said"),
    "save_odd_facts": (State.COMPLETED, "saved"),
    "follow_up_too_large": (State.DISCARDED, "payload_too_large"),
    "raise_half_a_pair": (State.DISCARDED, "exception"),
    "give_up": (State.DISCARDED, "permanent"),
    "exhaust": (State.DISCARDED, "exception"),
    "cancel_itself": (State.DISCARDED, "exception"),
    "leave": (State.DISCARDED, "exception"),
}


def ending(job: Job[Any]) -> tuple[State, object]:
    return job.state, job.failure.code if job.failure else job.result


async def test_no_conduct_of_a_handler_disturbs_the_worker(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with milling(app_in(tmp_path)) as mill:
        jobs = {what: await mill.app.enqueue(Act(what=what)) for what in ENDINGS}
        asleep = await mill.app.enqueue(Act(what="snooze_for_ever"))
        done = {what: await mill.app.wait(job, 60) for what, job in jobs.items()}
        last = await mill.app.wait(await mill.app.enqueue(Echo(text="still here")), 60)
        await poll_until(lambda: _state(mill, asleep, State.SCHEDULED), within=60)
        history = await mill.app.history(jobs["say_odd_things"])
        artefacts = (await mill.app.history(jobs["save_odd_facts"])).artefacts
        drained = await mill.drained()
    assert {what: ending(job) for what, job in done.items()} == ENDINGS
    assert last.result["text"] == "still here"
    assert drained.interrupted == 0
    assert "caf?" in str(history)
    assert [(artefact.name, artefact.facts) for artefact in artefacts] == [
        ("caf?", {"where": "a", "share": "Infinity"})
    ]
    printed = capfd.readouterr()
    assert "printed\nwritten to descriptor 1\nfrom a child\nand without a line's end" in printed.err
    assert printed.out == ""


async def _state(mill: Mill, job: Job[Any], state: State) -> bool:
    return (await mill.app.job(job.id)).state is state


async def test_a_job_that_takes_the_only_executor_down_waits_by_its_own_policy(tmp_path: Path) -> None:
    async with milling(app_in(tmp_path)) as mill:
        job = await mill.app.wait(await mill.app.enqueue(Die(times=2)), 60)
        assert (job.result, job.crashes, job.failures) == ("survived in attempt 3", 2, 0)
        attempts = (await mill.app.history(job)).attempts
        assert [str(each.cause) for each in attempts] == ["crashed", "crashed", "succeeded"]
        await mill.drained()


@pytest.mark.parametrize("setting", [{"recycle_jobs": 2}, {"recycle_age": 0.2}, {"recycle_memory": 1}])
async def test_executors_are_recycled_without_losing_a_job(tmp_path: Path, setting: dict[str, float]) -> None:
    async with milling(app_in(tmp_path, **setting)) as mill:
        pids: set[int] = set()

        async def another() -> bool:
            job = await mill.app.wait(await mill.app.enqueue(Echo()), 60)
            assert (job.state, job.crashes, job.failures) == (State.COMPLETED, 0, 0)
            pids.add(job.result["pid"])
            return len(pids) > 1

        await poll_until(another, within=60, every=0.1, what="another executor")
        await mill.drained()
    assert b'cause="recycled: ' in mill.worker.metrics.text()


async def test_many_quick_jobs_on_two_executors_run_once_each(tmp_path: Path) -> None:
    async with milling(app_in(tmp_path, executors=2)) as mill:
        sent = await mill.app.enqueue_many([Echo(text=str(number)) for number in range(300)])
        done = await asyncio.gather(*(mill.app.wait(job, 60) for job in sent))
        drained = await mill.drained()
    assert [job.result["text"] for job in done] == [str(number) for number in range(300)]
    assert drained.settled == 300
