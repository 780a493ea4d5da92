"""How jobs stand in the bucket, whoever works on them."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from millhand.brokers.bucket.inbox import Inbox, Item
from millhand.brokers.bucket.layout import FAILED, failed_key, reason_key
from millhand.brokers.bucket.note import Note
from millhand.brokers.bucket.notes import Notes
from millhand.brokers.bucket.store_time import StoreTime
from millhand.brokers.bucket.together import together
from millhand.brokers.bucket.work import Work, output_key, read_work
from millhand.core.clock import Clock
from millhand.core.errors import BlobMissing, Permanent
from millhand.core.failure import Failure, failure
from millhand.core.standing import Standing
from millhand.core.state import State
from millhand.stores import Bucket

_MOST_REASON = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stand:
    """State, counts and failure of a job; the instants are the store's."""

    state: State
    failures: int = 0
    crashes: int = 0
    run_at: int = 0
    failure: Failure | None = None


class Looking:
    """Looks at single jobs."""

    def __init__(self, bucket: Bucket, inbox: Inbox, notes: Notes, time: StoreTime, clock: Clock) -> None:
        self._bucket = bucket
        self._inbox = inbox
        self._notes = notes
        self._time = time
        self._clock = clock

    async def look(self, job_ids: Sequence[str]) -> dict[str, Standing]:
        """How these jobs stand. Of one that was completed nothing is left but a file's output; others are left out."""
        found = await together([self._look_at(job_id) for job_id in dict.fromkeys(job_ids)])
        return {each.id: each for each in found if each is not None}

    async def _look_at(self, job_id: str) -> Standing | None:
        with suppress(BlobMissing, Permanent):  # gone meanwhile, or no job at all
            if (item := await self._inbox.find(job_id)) is not None:
                return self._standing(item, await read_work(self._bucket, item), await self._waiting(item))
            if (failed := await self._inbox.find_failed(job_id)) is not None:
                return await self._failed(failed)
            return await self._completed(job_id)
        return None

    async def _waiting(self, item: Item) -> _Stand:
        kept, now = await self._notes.read(item.key), self._time.now()
        note = kept.note if kept else Note(key=item.key)
        last = note.errors[-1] if note.errors else None
        return _Stand(
            state=_state(item, note, now),
            failures=note.failures,
            crashes=note.crashes,
            run_at=max(item.due_at, note.not_before),
            failure=failure(last.code, last.message, last.hint) if last else None,
        )

    async def _failed(self, key: str) -> Standing | None:
        facts = await self._bucket.stat(failed_key(key))
        body, _ = await self._bucket.read(reason_key(key), max_bytes=_MOST_REASON)
        told: dict[str, Any] = json.loads(body)
        item = self._inbox.item(facts.at(facts.key.removeprefix(f"{FAILED}/")))
        if item is None:
            return None
        stand = _Stand(
            state=State(told["state"]),
            failures=told["failures"],
            crashes=told["crashes"],
            failure=failure(told["code"], told["message"], told["hint"]),
        )
        return self._standing(item, await read_work(self._bucket, item, failed_key(key)), stand)

    async def _completed(self, job_id: str) -> Standing | None:
        route = self._inbox.route_of(job_id)
        output = output_key(job_id, route) if route else ""
        facts = await self._bucket.find(output) if output else None
        if facts is None:
            return None
        item = Item(job_id, job_id, route.queue if route else "", facts, 0, route)
        return self._standing(item, await read_work(self._bucket, item, output), _Stand(state=State.COMPLETED))

    def _standing(self, item: Item, work: Work, stand: _Stand) -> Standing:
        ahead = self._clock.now() - self._time.now()
        return Standing(
            id=item.job_id,
            kind=work.kind,
            queue=item.queue,
            state=stand.state,
            args=work.args,
            tenant=work.tenant,
            headers=work.headers,
            priority=work.priority,
            failures=stand.failures,
            crashes=stand.crashes,
            max_attempts=work.max_attempts,
            max_crashes=work.max_crashes,
            parent_id=work.parent_id,
            enqueued_at=item.facts.modified + ahead,
            run_at=max(item.facts.modified, stand.run_at) + ahead,
            failure=stand.failure,
        )


def _state(item: Item, note: Note, now: int) -> State:
    if note.done is not None:
        return note.done.state
    if note.holder is not None:
        return State.RUNNING
    if note.not_before > now:
        return State.RETRYABLE
    return State.SCHEDULED if item.due_at > now else State.AVAILABLE
