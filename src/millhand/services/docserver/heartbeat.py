"""The object by which others see that a worker lives: the original's keys, and more, written every minute."""

import asyncio
import json
import platform
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from importlib.metadata import version
from typing import Any

import structlog

from millhand.app.attached import Pulse
from millhand.config import Settings
from millhand.core.clock import Clock, as_datetime
from millhand.core.errors import BlobFailed, BrokerUnavailable
from millhand.core.finding import Level
from millhand.services.docserver.engines import Present, present
from millhand.services.docserver.place import HEARTBEAT, bucket_at, is_bucket
from millhand.services.docserver.record import Record
from millhand.stores import Bucket

EVERY = 60.0
_TROUBLES = 3
"""So many attempts in a row that fail by no fault of a document mean that the engine is not well."""


class Heartbeat:
    """Writes the heartbeat of one worker, from the dispatcher's side: no document can hold it up."""

    def __init__(self, settings: Callable[[], Settings], record: Record, clock: Clock) -> None:
        self._settings = settings
        self._record = record
        self._clock = clock
        self._began = clock.now()
        self._was_ready = False
        self._told = False

    async def beat(self, pulse: Pulse) -> None:
        """Write it; raises `BrokerUnavailable` while the bucket is away. Without a bucket nobody is told."""
        if not is_bucket(self._settings().broker):
            self._tell_that_there_is_no_bucket()
            return
        engine = await asyncio.to_thread(present, self._settings())
        content = json.dumps(self.content(pulse, engine), ensure_ascii=False, indent=2).encode()
        try:
            await self._bucket.put(HEARTBEAT, content, "application/json")
        except BlobFailed as error:
            raise BrokerUnavailable(error.message, hint=error.hint) from error

    def _tell_that_there_is_no_bucket(self) -> None:
        if not self._told:
            log = structlog.get_logger("millhand.docserver")
            log.warning("no bucket is told: documents come from millhand's own queue", fix="Set MINIO_ENDPOINT.")
            self._told = True

    def content(self, pulse: Pulse, engine: Present) -> dict[str, Any]:
        """What it says. The first four are those of the original; without Word its version is empty."""
        last = self._record.last
        return {
            "status": self._status(pulse, engine),
            "word_version": engine.word_version,
            "host": platform.node(),
            "ts": _words(self._clock.now()),
            "engine": engine.name,
            "engine_version": engine.version,
            "worker": pulse.worker,
            "version": version("millhand"),
            "started": _words(self._began),
            "every": EVERY,
            "waiting": sum(queue.available + queue.scheduled + queue.retryable for queue in pulse.queues),
            "running": sum(queue.running for queue in pulse.queues),
            "converted": self._record.converted,
            "failed": self._record.failed,
            "last": None if last is None else {**asdict(last), "at": _words(last.at)},
        }

    def _status(self, pulse: Pulse, engine: Present) -> str:
        ready = all(finding.level is not Level.ERROR for finding in pulse.ready)
        self._was_ready = self._was_ready or ready
        if not ready and not self._was_ready:
            return "starting"
        fell_back = self._record.last is not None and self._record.last.fell_back
        well = ready and bool(engine.name) and not fell_back and self._record.troubles < _TROUBLES
        return "ok" if well else "degraded"

    @cached_property
    def _bucket(self) -> Bucket:
        return bucket_at(self._settings())


def _words(instant: int) -> str:
    return as_datetime(instant).isoformat(timespec="seconds")
