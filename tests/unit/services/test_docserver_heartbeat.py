"""The heartbeat says what the original's says, and more; and when a worker is not well."""

import json
from collections.abc import Sequence

import structlog

from millhand.app.attached import Pulse
from millhand.config import Settings
from millhand.core.failure import Failure, failure
from millhand.core.finding import Finding, Level
from millhand.core.ports import QueueStats
from millhand.core.settlement import Settlement
from millhand.core.state import Cause, State
from millhand.services.docserver.engines import Present
from millhand.services.docserver.heartbeat import Heartbeat
from millhand.services.docserver.record import Record
from millhand.testing.clock import FakeClock
from tests.unit.core.makers import delivery

LIBREOFFICE = Present("LibreOffice", "7.4")
READY = (Finding("worker.executors", Level.OK, "2 of 2 executors are ready"),)
NOT_READY = (Finding("worker.executors", Level.ERROR, "0 of 2 executors are ready"),)
QUEUE = QueueStats(queue="to-convert", available=3, retryable=1, running=2)
SECOND = 1_000_000


def pulse(ready: Sequence[Finding] = READY) -> Pulse:
    return Pulse("worker-1", ready, [QUEUE])


def heartbeat(record: Record) -> Heartbeat:
    return Heartbeat(Settings, record, FakeClock())


def ended(state: State, why: Failure | None = None, kind: str = "document.convert") -> Settlement:
    result = json.dumps({"engine": "libreofficekit", "engine_version": "7.4"}) if state is State.COMPLETED else None
    return Settlement(
        delivery=delivery()._replace(kind=kind, job_id="to-convert/a.docx"),
        state=state,
        cause=Cause.SUCCEEDED,
        result=result,
        failure=why,
        started_at=SECOND,
        finished_at=3 * SECOND,
    )


def test_the_original_keys_come_first() -> None:
    told = heartbeat(Record()).content(pulse(), LIBREOFFICE)
    assert list(told)[:4] == ["status", "word_version", "host", "ts"]
    assert told["status"] == "ok"
    assert told["host"]
    assert told["ts"].endswith("+00:00")
    assert (told["engine"], told["engine_version"], told["worker"]) == ("LibreOffice", "7.4", "worker-1")
    assert (told["waiting"], told["running"], told["last"]) == (4, 2, None)


def test_it_counts_and_tells_the_last_conversion() -> None:
    record = Record()
    record.settled(ended(State.COMPLETED))
    record.settled(ended(State.COMPLETED, kind="page.export"))
    record.settled(ended(State.DISCARDED, failure("bad_document", "no")))
    told = heartbeat(record).content(pulse(), LIBREOFFICE)
    assert (told["converted"], told["failed"]) == (1, 1)
    assert told["last"]["document"] == "to-convert/a.docx"
    assert (told["last"]["error"], told["last"]["seconds"]) == ("bad_document", 2.0)


def test_it_is_starting_until_it_was_ready_and_degraded_after_that() -> None:
    beat = heartbeat(Record())
    assert beat.content(pulse(NOT_READY), LIBREOFFICE)["status"] == "starting"
    assert beat.content(pulse(), LIBREOFFICE)["status"] == "ok"
    assert beat.content(pulse(NOT_READY), LIBREOFFICE)["status"] == "degraded"


def test_it_is_degraded_without_an_engine_or_when_the_engine_fails_again_and_again() -> None:
    record = Record()
    beat = heartbeat(record)
    assert beat.content(pulse(), Present())["status"] == "degraded"
    for _ in range(3):
        assert beat.content(pulse(), LIBREOFFICE)["status"] == "ok"
        record.settled(ended(State.RETRYABLE, failure("engine_failed", "it hung")))
    assert beat.content(pulse(), LIBREOFFICE)["status"] == "degraded"
    record.settled(ended(State.DISCARDED, failure("bad_document", "no fault of the engine")))
    assert beat.content(pulse(), LIBREOFFICE)["status"] == "ok"


def test_word_is_told_as_the_original_does() -> None:
    told = heartbeat(Record()).content(pulse(), Present("Word", "16.0"))
    assert (told["status"], told["word_version"], told["engine"]) == ("ok", "16.0", "Word")


def test_it_is_degraded_as_long_as_word_does_not_answer() -> None:
    record = Record()
    beat = heartbeat(record)
    record.settled(ended(State.COMPLETED)._replace(result='{"engine": "libreofficekit", "fallback": "Word hung"}'))
    assert beat.content(pulse(), Present("Word", "16.0"))["status"] == "degraded"
    record.settled(ended(State.COMPLETED)._replace(result='{"engine": "word", "engine_version": "16.0"}'))
    assert beat.content(pulse(), Present("Word", "16.0"))["status"] == "ok"


async def test_without_a_bucket_it_says_so_once() -> None:
    beat = heartbeat(Record())
    with structlog.testing.capture_logs() as logged:
        await beat.beat(pulse())
        await beat.beat(pulse())
    assert [line["event"] for line in logged] == ["no bucket is told: documents come from millhand's own queue"]
