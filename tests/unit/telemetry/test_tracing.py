"""Spans around a job's life: with an SDK they form one trace, without one they cost nothing and say nothing."""

import json
import subprocess
import sys
from typing import Any

from millhand.core.job import Delivery
from millhand.core.outcome import Completed
from millhand.telemetry.tracing import context_headers, record_wait, run_span, send_span

_LIFE = """
import json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from millhand.core.failure import failure
from millhand.core.job import Delivery
from millhand.core.outcome import Completed, Retry
from millhand.telemetry.tracing import record_wait, run_span, send_span

memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)

with send_span(queue="documents", kind="document.convert") as headers:
    pass
record_wait(Delivery(
    receipt=1, fence=1, job_id="a", kind="document.convert", args="{}", queue="documents", headers=headers,
    available_at=1_000_000, claimed_at=3_000_000,
))
with run_span(headers, kind="document.convert", job_id="a", attempt=1, queue="documents") as run:
    run.ended(Retry(failure("engine_failed", "it hung")))
with run_span(headers, kind="document.convert", job_id="a", attempt=2, queue="documents") as run:
    with send_span(queue="mail", kind="mail.send", count=3) as follow_up:
        pass
    run.ended(Completed())
print(json.dumps({
    "headers": headers,
    "follow_up": follow_up,
    "spans": [json.loads(span.to_json()) for span in memory.get_finished_spans()],
}))
"""


def _life() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", _LIFE], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_a_life_is_one_trace() -> None:
    life = _life()
    sent, waited, failed, mailed, ran = life["spans"]
    assert [span["name"] for span in life["spans"]] == [
        "send documents",
        "wait documents",
        "process document.convert",
        "send mail",
        "process document.convert",
    ]
    assert len({span["context"]["trace_id"] for span in life["spans"]}) == 1
    assert sent["parent_id"] is None
    assert waited["parent_id"] == failed["parent_id"] == ran["parent_id"] == sent["context"]["span_id"]
    assert ran["links"][0]["context"]["span_id"] == sent["context"]["span_id"]
    assert mailed["parent_id"] == ran["context"]["span_id"]
    assert [span["kind"] for span in (sent, ran)] == ["SpanKind.PRODUCER", "SpanKind.CONSUMER"]
    _, trace_id, span_id, _ = life["headers"]["traceparent"].split("-")
    assert (f"0x{trace_id}", f"0x{span_id}") == (sent["context"]["trace_id"], sent["context"]["span_id"])
    assert life["follow_up"]["traceparent"].split("-")[2] == mailed["context"]["span_id"].removeprefix("0x")


def test_spans_say_how_it_went() -> None:
    _, waited, failed, mailed, ran = _life()["spans"]
    assert waited["start_time"] == "1970-01-01T00:00:01.000000Z"
    assert waited["end_time"] == "1970-01-01T00:00:03.000000Z"
    assert failed["status"] == {"status_code": "ERROR", "description": "it hung"}
    assert failed["attributes"]["error.type"] == "engine_failed"
    assert failed["attributes"]["millhand.outcome"] == "retry"
    assert ran["status"]["status_code"] == "OK"
    assert ran["attributes"]["messaging.message.id"] == "a"
    assert ran["attributes"]["millhand.attempt"] == 2
    assert mailed["attributes"]["messaging.batch.message_count"] == 3


def test_without_an_sdk_nothing_happens() -> None:
    with send_span(queue="documents", kind="document.convert") as headers:
        pass
    record_wait(Delivery(receipt=1, fence=1, job_id="a", kind="k", args="{}", available_at=1, claimed_at=2))
    with run_span(headers, kind="k", job_id="a", attempt=1, queue="default") as run:
        run.ended(Completed())
        assert context_headers() == {}
    assert headers == {}


def test_without_an_sdk_a_foreign_trace_is_passed_on() -> None:
    incoming = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    with run_span(incoming, kind="k", job_id="a", attempt=1, queue="default"):
        assert context_headers() == incoming


def test_a_broken_header_is_ignored() -> None:
    with run_span({"traceparent": "rubbish"}, kind="k", job_id="a", attempt=1, queue="default") as run:
        run.ended(Completed())
        assert context_headers() == {}
