"""The page exporter on the embedded queue: what its users see, and that nothing is lost or left behind."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from millhand import App, Job
from millhand.core.job import NewJob
from millhand.core.state import State
from millhand.services.page_export.job import KIND, ExportMap
from tests.acceptance.page_exporter import DONE_WITHIN, producing, working
from tests.integration.services.application import Application, serving
from tests.support import poll_until

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(300)]

SLOW_PAGE = "<h1>slow</h1><script>setTimeout(() => { window.__RENDER_READY__ = true }, 600000)</script>"


@pytest.fixture
def application() -> Iterator[Application]:
    with serving() as started:
        yield started


def export(job_id: str, **printed: Any) -> ExportMap:  # noqa: ANN401 - JSON
    """A job as a producer sends it."""
    data = {
        "printJobId": job_id,
        "printableMapId": "map-1",
        "userMapData": {"title": "Docker Worker Test", "people": []},
        "printableMapData": printed or {"widthInches": 8, "heightInches": 10, "dpi": 60},
    }
    return ExportMap.model_validate(data)


async def settled(app: App, job: Job[Any]) -> Job[Any]:
    return await app.wait(job, timeout=DONE_WITHIN)


async def test_what_users_of_the_original_look_for(tmp_path: Path, application: Application) -> None:
    async with producing(tmp_path) as app:
        with working(tmp_path, application) as worker:
            gone = await app.enqueue(export("gone"))
            bad = await app.enqueue(export(application.add("bad"), pageSize="huge"))
            good = await app.enqueue(export(application.add("good")))
            results = [(await settled(app, job)).state for job in (gone, bad, good)]
            assert results == [State.DISCARDED, State.DISCARDED, State.COMPLETED]

            assert application.steps("gone") == application.steps("bad") == ["start", "fail"]
            assert application.steps("good") == ["start", "complete"]
            assert application.jobs["bad"].error == "Invalid page size: huge"
            path = application.jobs["good"].path
            assert path
            assert re.fullmatch(r"exports/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d_good\.png", path)
            with Image.open(tmp_path / path) as picture:
                assert picture.size == (480, 600)
            assert [each.name for each in (tmp_path / "exports").iterdir()] == [Path(path).name]

            for words in ("✅ pg-boss queue started", "🔄 Polling for export jobs...", f"   File: {path}"):
                assert words in worker.out
            success = json.loads(worker.wait_for("[JOB_SUCCESS]").removeprefix("[JOB_SUCCESS] "))
            assert (success["printJobId"], success["filePath"], success["maxAttempts"]) == ("good", path, 3)
            failures = [json.loads(line.removeprefix("[JOB_FAILED] ")) for line in worker.having("[JOB_FAILED]")]
            assert {(each["printJobId"], each["isFatal"], each["willRetry"]) for each in failures} == {
                ("gone", True, False),
                ("bad", True, False),
            }
            metrics = worker.get("/metrics")
            assert "\nawm_jobs_processed_total 3.0\n" in metrics
            assert '\nexport_jobs_processed_total{status="failed"} 2.0\n' in metrics
            assert json.loads(worker.get("/health"))["status"] == "ok"
            assert worker.terminate() == 0


async def test_the_api_hears_of_the_last_failure_only(tmp_path: Path, application: Application) -> None:
    """In the original's states an export that has failed can't be started again: each retry would be refused."""
    application.page_answers = [503] * 4
    async with producing(tmp_path) as app:
        job = await app.enqueue(export(application.add("job")))
        with working(tmp_path, application) as worker:
            for attempt in range(1, 4):
                await poll_until(lambda n=attempt: _failures(app, job, n), within=DONE_WITHIN, what="a failed attempt")
                assert application.steps("job") == ["start"] * attempt
                _come_due(tmp_path)
            assert (await settled(app, job)).state is State.DISCARDED
            assert application.steps("job") == [*["start"] * 4, "fail"]
            assert application.jobs["job"].state == "export_failed"
            assert len(worker.having('"willRetry":true')) == 3


async def test_a_job_that_the_model_refuses_is_told_as_well(tmp_path: Path, application: Application) -> None:
    """It is sent by somebody who does not know the model, as Node does."""
    async with producing(tmp_path) as app:
        sent = {"printJobId": application.add("job"), "userMapData": {}, "printableMapData": {}}
        [job] = await app.send([NewJob(id="sent-by-node", kind=KIND, queue=KIND, args=json.dumps(sent))])
        with working(tmp_path, application):
            assert (await settled(app, job)).state is State.DISCARDED
    assert application.steps("job") == ["start", "fail"]
    assert "there is no size" in (application.jobs["job"].error or "")


async def test_a_cancelled_export_is_told_and_leaves_no_file(tmp_path: Path, application: Application) -> None:
    application.page = SLOW_PAGE
    async with producing(tmp_path) as app:
        job = await app.enqueue(export(application.add("job")))
        with working(tmp_path, application):
            await poll_until(lambda: application.rendered, within=DONE_WITHIN, what="a page that is rendered")
            await app.cancel(job)
            assert (await settled(app, job)).state is State.CANCELLED
            assert application.steps("job") == ["start", "fail"]
    assert not list((tmp_path / "exports").glob("*"))
    assert not list((tmp_path / "data" / "work").rglob("page.*"))


async def test_a_killed_worker_loses_nothing_and_does_nothing_twice(tmp_path: Path, application: Application) -> None:
    """It dies between the file and the answer of the API: the next one finds the file, and tells its name again."""
    gate = application.hold("complete")
    async with producing(tmp_path) as app:
        job = await app.enqueue(export(application.add("job")))
        with working(tmp_path, application, MILLHAND_WORKER__LEASE="3s") as worker:
            await poll_until(lambda: application.steps("job")[-1:] == ["complete"], within=DONE_WITHIN)
            worker.kill()
        gate.set()
        application.gates.clear()
        [left] = (tmp_path / "exports").iterdir()
        with working(tmp_path, application, MILLHAND_WORKER__LEASE="3s") as worker:
            ended = await settled(app, job)
            assert worker.terminate() == 0
    assert ended.state is State.COMPLETED
    assert application.jobs["job"].path == f"exports/{left.name}"
    assert [each.name for each in (tmp_path / "exports").iterdir()] == [left.name]
    assert len(application.rendered) == 1


def _come_due(folder: Path) -> None:
    """Let the waits between attempts, minutes long, be over."""
    with closing(sqlite3.connect(folder / "data" / "millhand.db")) as database:
        database.execute("UPDATE jobs SET run_at = 1 WHERE state = 'retryable'")
        database.commit()


async def _failures(app: App, job: Job[Any], count: int) -> bool:
    now = await app.job(job.id)
    return now.state is State.RETRYABLE and now.failures == count
