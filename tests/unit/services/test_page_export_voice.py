"""The original's log lines, metrics, and the call that tells of a failure."""

import io
import json
from typing import Any

import pytest

from millhand.core.failure import Failure, failure
from millhand.core.job import Delivery
from millhand.core.ports import QueueStats
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import Cause, State
from millhand.services.page_export.farewell import Farewell, print_job_of
from millhand.services.page_export.metrics import FACTS, ExportMetrics
from millhand.services.page_export.narration import Narrator, Streams
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.service import Told
from millhand.telemetry.metrics import Metrics
from tests.integration.services.application import serving
from tests.unit.core.makers import delivery

AT = 1_765_171_800_560_000
ARGS = {"printJobId": "abc", "printableMapId": "def", "userMapData": {}, "printableMapData": {}}
RESULT = {"filePath": "exports/x_abc.png", "sizeBytes": 345_678, "width": 5_400, "height": 7_200}


def export(args: object = ARGS, **about: Any) -> Delivery:  # noqa: ANN401 - fields of a delivery
    sent = delivery(max_attempts=4)._replace(kind="export-map", queue="export-map", args=json.dumps(args))
    return sent._replace(enqueued_at=AT, **about)


def ended(state: State, why: Failure | None = None, of: Delivery | None = None) -> Settlement:
    result = json.dumps(RESULT) if state is State.COMPLETED else None
    return Settlement(
        delivery=of or export(),
        state=state,
        cause=Cause.SUCCEEDED,
        result=result,
        failure=why,
        started_at=AT + 1_000,
        finished_at=AT + 5_786_000,
    )


class Lines:
    """A narrator, and what it wrote since it began."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.narrator = Narrator(Streams(self.out, self.err))
        self.clear()

    def clear(self) -> None:
        for stream in (self.out, self.err):
            stream.seek(0)
            stream.truncate()


def test_a_job_that_begins_and_succeeds() -> None:
    lines = Lines()
    lines.narrator.began(export(), AT + 1_000)
    lines.narrator.settled(ended(State.COMPLETED))
    context = (
        '"printJobId":"abc","printableMapId":"def","attemptNumber":0,"maxAttempts":3,'
        '"queuedAt":"2025-12-08T05:30:00.560Z","startedAt":"2025-12-08T05:30:00.561Z"'
    )
    done = '"status":"success","durationMs":5785,"filePath":"exports/x_abc.png","fileSizeMB":"0.33"'
    assert lines.out.getvalue().splitlines() == [
        f"[JOB_START] {{{context}}}",
        "📋 Processing export job abc for printable map: def",
        f"[JOB_SUCCESS] {{{context},{done}}}",
        "✅ Export completed in 5.79s",
        "   File: exports/x_abc.png",
        "   Size: 0.33 MB",
        "   Dimensions: 5400\u00d77200px",
    ]
    assert lines.err.getvalue() == ""


@pytest.mark.parametrize(
    ("settlement", "fatal", "retry", "last"),
    [
        (ended(State.RETRYABLE, failure("render_failed", "slow")), False, True, "❌ Export failed: slow"),
        (ended(State.DISCARDED, failure("bad", "no")), True, False, "💀 Fatal error - job abc will not retry"),
        (
            ended(State.DISCARDED, failure("record_gone", "API error: not found")),
            True,
            False,
            "⚠️  Job abc not in database (likely deleted), completing without retry",
        ),
        (
            ended(State.DISCARDED, failure("render_failed", "slow"), export(failures=3)),
            False,
            False,
            "❌ Export failed: slow",
        ),
    ],
)
def test_a_job_that_fails(settlement: Settlement, *, fatal: bool, retry: bool, last: str) -> None:
    lines = Lines()
    lines.narrator.settled(settlement)
    told = lines.err.getvalue().splitlines()
    facts = json.loads(told[0].removeprefix("[JOB_FAILED] "))
    assert (facts["isFatal"], facts["willRetry"], told[-1]) == (fatal, retry, last)
    assert lines.out.getvalue() == ""


def test_of_other_jobs_and_of_what_is_handed_back_it_is_silent() -> None:
    lines = Lines()
    lines.narrator.began(delivery(), AT)
    lines.narrator.settled(ended(State.COMPLETED, of=delivery()))
    lines.narrator.settled(ended(State.AVAILABLE))
    assert lines.out.getvalue() + lines.err.getvalue() == ""


def test_a_terminal_that_knows_few_letters_is_no_reason_to_fail() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Narrator(Streams(stream, stream)).began(export(), AT)
    stream.seek(0)
    assert "[JOB_START] {" in stream.read()


def test_metrics_have_the_originals_names() -> None:
    metrics = Metrics()
    counting = ExportMetrics(metrics)
    for settlement in (ended(State.COMPLETED), ended(State.RETRYABLE), ended(State.DISCARDED, of=delivery())):
        counting.settled(settlement)
    metrics.queues([QueueStats(queue="export-map", available=3, retryable=1), QueueStats(queue="x", available=9)], AT)
    text = metrics.text().decode()
    for line in (
        "awm_jobs_processed_total 1.0",
        'export_jobs_processed_total{status="success"} 1.0',
        'export_jobs_processed_total{status="retried"} 1.0',
        'export_jobs_processed_total{status="failed"} 0.0',
        'export_job_duration_seconds_bucket{le="10.0"} 2.0',
        "export_queue_depth 4.0",
    ):
        assert f"\n{line}\n" in text
    assert all(f"# TYPE {fact.name}" in text or f"# TYPE {fact.name.removesuffix('_total')}" in text for fact in FACTS)


def farewell(url: str) -> Farewell:
    own = PageExportSettings.read({"API_URL": url, "API_TIMEOUT": "2"})
    return Farewell(Told(lambda: pytest.fail("not asked for"), lambda: own), waits=(0.01, 0.01))


async def test_a_failure_is_told_once_the_api_listens() -> None:
    with serving() as application:
        application.add("abc")
        application.post("/api/jobs/abc/start", "")
        application.answers["fail"] = [503, 500]
        await farewell(application.url).failing(ended(State.DISCARDED, failure("bad_page", "The page is bad.")))
        assert application.jobs["abc"].error == "The page is bad."
        assert [call.body for call in application.calls] == ['{"error":"The page is bad."}'] * 3


async def test_an_export_that_the_queue_gave_up_is_told_as_well() -> None:
    lost = failure("exception", "job timed out")
    with serving() as application:
        application.add("abc")
        application.post("/api/jobs/abc/start", "")
        for kind in ("other", "export-map"):
            standing = Standing(
                id="j", kind=kind, queue="export-map", state=State.DISCARDED, args=json.dumps(ARGS), failure=lost
            )
            await farewell(application.url).given_up(standing)
        assert application.jobs["abc"].error == "job timed out"
        assert len(application.calls) == 1


@pytest.mark.parametrize("state", ["export_failed", "export_complete"])
async def test_what_the_api_knows_better_is_not_told(state: str) -> None:
    with serving() as application:
        code = "already_complete" if state == "export_complete" else "api_refused"
        why = failure(code, f"API error: Cannot start export from state {state}")
        await farewell(application.url).failing(ended(State.DISCARDED, why))
        assert application.calls == []


@pytest.mark.parametrize("args", [{"printJobId": "../../admin"}, {}, [], "text", None, {"printJobId": 7}])
async def test_an_id_that_would_lead_elsewhere_is_never_part_of_a_call(args: object) -> None:
    assert print_job_of(export(args)) is None
    with serving() as application:
        why = failure("invalid_args", "no")
        await farewell(application.url).failing(ended(State.DISCARDED, why, export(args)))
        assert application.calls == []


async def test_an_api_that_is_down_keeps_no_job() -> None:
    await farewell("http://127.0.0.1:9").failing(ended(State.CANCELLED, failure("cancelled", "by hand")))
