"""The page exporter on the queue of a Node application: pg-boss 12.5.2, the version that the original works with."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from millhand.testing.postgres import PostgresServer, postgres_programs, postgres_server
from millhand.testing.s3 import S3Server
from tests.acceptance.page_exporter import DONE_WITHIN, working
from tests.integration.services.application import Application, serving
from tests.interop.pgboss import NodeBoss, node, node_boss, prepare
from tests.support import skip_or_fail, wait_until

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
VERSION = "12.5.2"
OPTIONS = {"retryLimit": 3, "retryDelay": 60, "retryBackoff": True, "expireInSeconds": 3600}
SLOW_PAGE = "<h1>slow</h1><script>setTimeout(() => { window.__RENDER_READY__ = true }, 600000)</script>"


@pytest.fixture
def application() -> Iterator[Application]:
    with serving() as started:
        yield started


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    return prepare(postgres, VERSION)


@pytest.fixture
def boss(database: str) -> Iterator[NodeBoss]:
    with node_boss(database, VERSION) as started:
        started.call("createQueue", "export-map")
        yield started


def send(boss: NodeBoss, print_job_id: str, **printed: Any) -> str:  # noqa: ANN401 - JSON
    """Send a job as the original's producer does; the id in the queue."""
    data = {
        "printJobId": print_job_id,
        "printableMapId": "map-1",
        "userMapData": {"title": "Zürich", "people": []},
        "printableMapData": printed or {"widthInches": 8, "heightInches": 10, "dpi": 60},
    }
    return boss.call("send", "export-map", data, OPTIONS)


def in_queue(boss: NodeBoss, job_id: str) -> dict[str, Any]:
    return boss.call("getJobById", "export-map", job_id)


def wait_for_state(boss: NodeBoss, job_id: str, *states: str) -> dict[str, Any]:
    """The job as Node sees it, once it is in one of these states."""

    def look() -> dict[str, Any] | None:
        job = in_queue(boss, job_id)
        return job if job["state"] in states else None

    return wait_until(look, within=DONE_WITHIN, every=0.2, what=f"{states}: {in_queue(boss, job_id)}") or {}


def test_the_example_works() -> None:
    """Proof: PostgreSQL, a Node application and the worker, and a poster of 18 x 24 in at 300 DPI."""
    folder = ROOT / "examples" / "page_export"
    node()
    if not (folder / "application" / "node_modules").is_dir():
        skip_or_fail("the npm packages of the example are not installed (scripts/setup dev)")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    command = [sys.executable, "-m", "examples.page_export.poster", "build/exports"]
    done = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("5400 x 7200", "11811 pixels a metre", "start then complete", "export_complete"):
        assert words in done.stdout


def test_a_record_that_is_gone_never_blocks_the_queue(
    tmp_path: Path, application: Application, database: str, boss: NodeBoss
) -> None:
    gone = send(boss, "gone")
    good = send(boss, application.add("good"))
    with working(tmp_path, application, DATABASE_URL=database) as worker:
        done = wait_for_state(boss, good, "completed")
        failed = wait_for_state(boss, gone, "failed", "retry")
        assert worker.terminate() == 0
    assert (failed["state"], failed["retryCount"]) == ("failed", 0), "it is never tried again"
    assert failed["output"]["message"] == "API error: Print job gone not found"
    assert done["output"]["filePath"] == application.jobs["good"].path
    assert (tmp_path / done["output"]["filePath"]).is_file()
    assert (application.steps("gone"), application.steps("good")) == (["start", "fail"], ["start", "complete"])


def test_a_failure_that_may_pass_waits_as_the_producer_asked(
    tmp_path: Path, application: Application, database: str, boss: NodeBoss
) -> None:
    application.page_answers = [503]
    job = send(boss, application.add("job"))
    with working(tmp_path, application, DATABASE_URL=database):
        failed = wait_for_state(boss, job, "retry")
        assert application.steps("job") == ["start"]
        boss.sql("UPDATE pgboss.job SET start_after = now() WHERE id = $1", job)
        done = wait_for_state(boss, job, "completed")
    assert failed["retryLimit"] == 3
    assert done["retryCount"] == 1
    assert application.steps("job") == ["start", "start", "complete"]


def test_what_node_cancels_is_stopped_and_told(
    tmp_path: Path, application: Application, database: str, boss: NodeBoss
) -> None:
    application.page = SLOW_PAGE
    job = send(boss, application.add("job"))
    with working(tmp_path, application, DATABASE_URL=database):
        wait_until(lambda: application.rendered, within=DONE_WITHIN, what="a page that is rendered")
        boss.call("cancel", "export-map", job)
        wait_until(lambda: application.steps("job") == ["start", "fail"], within=DONE_WITHIN, what="a call of fail")
        assert in_queue(boss, job)["state"] == "cancelled"
    assert not list((tmp_path / "exports").glob("*"))


def test_the_doctor_finds_what_is_missing(
    tmp_path: Path, application: Application, database: str, boss: NodeBoss
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    told = {"DATABASE_URL": database, "API_URL": application.url, "RENDER_BASE_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "millhand", "doctor", "--app", "page-export"]
    found = subprocess.run(
        command, cwd=tmp_path, env={**kept, **told}, capture_output=True, text=True, timeout=120, check=False
    ).stdout
    assert "has the queue 'export-map'" in found
    assert f"The API server answers at {application.url}." in found
    assert "The render server can't be reached: http://127.0.0.1:9 does not answer: Connection refused." in found
    assert "Exports can be written to data/exports." in found


def test_exports_go_to_an_object_store(
    tmp_path: Path, application: Application, database: str, boss: NodeBoss, s3: S3Server
) -> None:
    bucket = s3.fresh()
    job = send(boss, application.add("job"))
    variables = {
        "EXPORT_DIR": f"s3://{bucket}/exports",
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_ACCESS_KEY_ID": s3.access.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.access.secret_access_key,
    }
    with working(tmp_path, application, DATABASE_URL=database, **variables):
        done = wait_for_state(boss, job, "completed")
    path = done["output"]["filePath"]
    assert path.startswith(f"s3://{bucket}/exports/")
    assert application.jobs["job"].path == path


def test_a_restart_of_the_database_loses_no_export(tmp_path: Path, application: Application) -> None:
    """The export ends while PostgreSQL is down: the worker holds on to that, and tells the queue when it can."""
    gate = application.hold("complete")
    with tempfile.TemporaryDirectory(prefix="millhand-postgres-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)  # the server runs as another user where we are root
        programs = postgres_programs() or skip_or_fail("PostgreSQL is not installed")
        with postgres_server(Path(place) / "server", programs) as server:
            database = prepare(server, VERSION)
            with node_boss(database, VERSION) as boss:
                boss.call("createQueue", "export-map")
                job = send(boss, application.add("job"))
                boss.call("stop", {"graceful": False, "wait": True})
            with working(tmp_path, application, DATABASE_URL=database) as worker:
                wait_until(lambda: application.steps("job")[-1:] == ["complete"], within=DONE_WITHIN, what="a file")
                server.stop("immediate")
                gate.set()
                worker.wait_for("the broker can't be reached")
                server.start()
                worker.wait_for("[JOB_SUCCESS]")
                with node_boss(database, VERSION) as boss:
                    done = wait_for_state(boss, job, "completed")
                assert worker.terminate() == 0
    assert application.steps("job") == ["start", "complete"]
    assert application.jobs["job"].path == done["output"]["filePath"]
    assert len(application.rendered) == 1
