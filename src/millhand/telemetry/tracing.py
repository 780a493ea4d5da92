"""OpenTelemetry spans around sending, waiting and running a job; their context travels in the job's headers.

Only the API is used: without an SDK in the process all of it does nothing. The headers are those of W3C Trace Context
(`traceparent`, `tracestate`), the attributes those of the semantic conventions for messaging.
"""

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from millhand.core.clock import MICROSECONDS
from millhand.core.job import Delivery
from millhand.core.outcome import Completed, Crashed, Discarded, Outcome, Retry

_NAME = "millhand"
_NANOSECONDS = 1_000_000_000 // MICROSECONDS
_W3C = TraceContextTextMapPropagator()


@contextmanager
def send_span(*, queue: str, kind: str, count: int = 1) -> Generator[dict[str, str]]:
    """A producer span around sending jobs; it gives the headers that each of them must carry."""
    if not _traces():
        yield {}
        return
    attributes: dict[str, str | int] = {**_attributes(queue, kind), "messaging.operation.type": "send"}
    if count != 1:
        attributes["messaging.batch.message_count"] = count
    with _tracer().start_as_current_span(f"send {queue}", kind=SpanKind.PRODUCER, attributes=attributes):
        yield context_headers()


def context_headers() -> dict[str, str]:
    """The headers that carry the current span, without a span of their own; empty outside any trace."""
    headers: dict[str, str] = {}
    _W3C.inject(headers)
    return headers


def record_wait(delivery: Delivery) -> None:
    """A span, already over, for the time that a leased job was ready and waited."""
    if not delivery.available_at or "traceparent" not in delivery.headers:
        return
    attributes = {**_attributes(delivery.queue, delivery.kind), "messaging.operation.type": "receive"}
    span = _tracer().start_span(
        f"wait {delivery.queue}",
        _extracted(delivery.headers),
        kind=SpanKind.INTERNAL,
        attributes={**attributes, **_job(delivery.job_id, delivery.attempt)},
        start_time=delivery.available_at * _NANOSECONDS,
    )
    span.end(max(delivery.claimed_at, delivery.available_at) * _NANOSECONDS)


class RunSpan:
    """The span of a run, to be told how the run ended."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def ended(self, outcome: Outcome) -> None:
        """Note the outcome; a failed run makes a failed span."""
        if not self._span.is_recording():
            return
        self._span.set_attribute("millhand.outcome", type(outcome).__name__.lower())
        match outcome:
            case Retry(failure=failure) | Discarded(failure=failure) | Crashed(failure=failure):
                self._span.set_attribute("error.type", failure.code)
                self._span.set_status(Status(StatusCode.ERROR, failure.message))
            case Completed():
                self._span.set_status(Status(StatusCode.OK))
            case _:
                return


_NO_SPAN = nullcontext(RunSpan(trace.INVALID_SPAN))


def run_span(
    headers: Mapping[str, str], *, kind: str, job_id: str, attempt: int, queue: str
) -> AbstractContextManager[RunSpan]:
    """A consumer span around one run of a job: a child of the span that sent it, and linked to that.

    Jobs that are sent inside become children of this span. Where nobody records spans, there is one only for a job
    that comes with a trace, which is passed on.
    """
    if headers or _has_recorder():
        return _consumer_span(headers, kind=kind, job_id=job_id, attempt=attempt, queue=queue)
    return _NO_SPAN


@contextmanager
def _consumer_span(
    headers: Mapping[str, str], *, kind: str, job_id: str, attempt: int, queue: str
) -> Generator[RunSpan]:
    sender = _extracted(headers)
    sent_by = trace.get_current_span(sender).get_span_context()
    attributes = {**_attributes(queue, kind), "messaging.operation.type": "process", **_job(job_id, attempt)}
    with _tracer().start_as_current_span(
        f"process {kind}",
        sender,
        kind=SpanKind.CONSUMER,
        attributes=attributes,
        links=[Link(sent_by)] if sent_by.is_valid else [],
    ) as span:
        yield RunSpan(span)


def _traces() -> bool:
    """Whether anybody records spans here, or has handed on a trace."""
    return _is_recorded() or trace.get_current_span().get_span_context().is_valid


@cache
def _has_recorder() -> bool:
    """Whether spans are recorded: asked once, as that is set up with the app, before the first job."""
    return _is_recorded()


def _is_recorded() -> bool:
    """Whether the process has an SDK."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def _tracer() -> trace.Tracer:
    return trace.get_tracer(_NAME)


def _extracted(headers: Mapping[str, str]) -> Context:
    return _W3C.extract(headers, Context())


def _attributes(queue: str, kind: str) -> dict[str, str]:
    return {"messaging.system": _NAME, "messaging.destination.name": queue, "millhand.kind": kind}


def _job(job_id: str, attempt: int) -> dict[str, str | int]:
    return {"messaging.message.id": job_id, "millhand.attempt": attempt}
