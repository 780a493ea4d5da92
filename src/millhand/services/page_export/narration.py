"""The lines that users of the original worker grep for, on the streams on which it writes them."""

import json
import sys
from dataclasses import dataclass
from typing import Any, TextIO

from millhand.core.clock import MICROSECONDS, as_datetime
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import State
from millhand.services.page_export.farewell import print_job_of
from millhand.services.page_export.result import ExportedMap
from millhand.services.page_export.status_api import RecordGone

_MEGABYTE = 1024 * 1024
_UNTOLD = frozenset({State.AVAILABLE, State.SCHEDULED})
"""Ways to end that the original does not have: handed back, put off."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Where lines go: what went well, and what did not."""

    out: TextIO
    err: TextIO


class Narrator:
    """An observer that writes `[JOB_START]`, `[JOB_SUCCESS]`, `[JOB_FAILED]`, each with JSON, and words for people."""

    def __init__(self, streams: Streams | None = None) -> None:
        self._streams = streams or Streams(sys.stdout, sys.stderr)
        self._out("🚀 Starting export worker...")
        self._out("✅ pg-boss queue started")
        self._out("🔄 Polling for export jobs...")

    def began(self, delivery: Delivery, at: int) -> None:
        """An attempt begins."""
        job_id = print_job_of(delivery)
        if job_id is None:
            return
        facts = _context(delivery, at)
        self._out(f"[JOB_START] {_json(facts)}")
        self._out(f"📋 Processing export job {job_id} for printable map: {facts['printableMapId']}")

    async def failing(self, settlement: Settlement) -> None:
        """Nothing is to be said before it is settled."""

    async def given_up(self, standing: Standing) -> None:
        """The original says nothing of what pg-boss does by itself."""

    def settled(self, settlement: Settlement) -> None:
        """An attempt has ended."""
        job_id = print_job_of(settlement.delivery)
        if job_id is None or settlement.state in _UNTOLD:
            return
        if settlement.state is State.COMPLETED:
            self._succeeded(settlement)
        else:
            self._failed(settlement, job_id)

    def _succeeded(self, settlement: Settlement) -> None:
        result = ExportedMap.model_validate_json(settlement.result or "{}")
        seconds = _seconds(settlement)
        megabytes = f"{result.size_bytes / _MEGABYTE:.2f}"
        facts = {"durationMs": round(seconds * 1000), "filePath": result.file_path, "fileSizeMB": megabytes}
        context = _context(settlement.delivery, settlement.started_at)
        self._out(f"[JOB_SUCCESS] {_json({**context, 'status': 'success', **facts})}")
        self._out(f"✅ Export completed in {seconds:.2f}s")
        self._out(f"   File: {result.file_path}")
        self._out(f"   Size: {megabytes} MB")
        if result.width:
            self._out(f"   Dimensions: {result.width}×{result.height}px")  # noqa: RUF001 - the original's sign

    def _failed(self, settlement: Settlement, job_id: str) -> None:
        failure = settlement.failure
        message = failure.message if failure else str(settlement.state)
        will_retry = settlement.state is State.RETRYABLE
        facts = {
            **_context(settlement.delivery, settlement.started_at),
            "status": "failed",
            "error": message,
            "isFatal": not will_retry and _is_fatal(settlement),
            "willRetry": will_retry,
            "durationMs": round(_seconds(settlement) * 1000),
        }
        self._err(f"[JOB_FAILED] {_json(facts)}")
        self._err(f"❌ Export failed: {message}")
        if failure and failure.code == RecordGone.default_code:
            self._err(f"⚠️  Job {job_id} not in database (likely deleted), completing without retry")
        elif facts["isFatal"]:
            self._err(f"💀 Fatal error - job {job_id} will not retry")

    def _out(self, line: str) -> None:
        _write(self._streams.out, line)

    def _err(self, line: str) -> None:
        _write(self._streams.err, line)


def _is_fatal(settlement: Settlement) -> bool:
    """Whether it was given up although attempts were left."""
    delivery = settlement.delivery
    return delivery.failures + 1 < delivery.max_attempts and delivery.crashes + 1 < delivery.max_crashes


def _context(delivery: Delivery, at: int | None) -> dict[str, Any]:
    content = json.loads(delivery.args)
    return {
        "printJobId": content["printJobId"],
        "printableMapId": content.get("printableMapId", ""),
        "attemptNumber": delivery.attempt - 1,
        "maxAttempts": delivery.max_attempts - 1,
        "queuedAt": _time(delivery.enqueued_at),
        "startedAt": _time(at or delivery.claimed_at),
    }


def _time(instant: int) -> str:
    """As JavaScript writes it."""
    return as_datetime(instant).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant // 1000 % 1000:03d}Z"


def _seconds(settlement: Settlement) -> float:
    return (settlement.finished_at - (settlement.started_at or settlement.finished_at)) / MICROSECONDS


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def _write(stream: TextIO, line: str) -> None:
    encoding = stream.encoding or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding), file=stream, flush=True)
