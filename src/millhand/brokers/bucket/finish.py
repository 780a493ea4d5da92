"""Do what is left to do for a job that has ended: its note tells all of it, so that anybody can.

The order is what makes a death in between harmless: what the end brings comes first, then the input goes, and at last
the note. Whoever comes later finds the note and does the rest.

A mark stays for some time where somebody may not know of the end: whoever stores a job of our own again, as the answer
to the first time was lost, must not have it run again; and whoever settled a job that another one finished must be
told that it was accepted.
"""

import json
from collections.abc import Sequence
from contextlib import suppress

from millhand.brokers.bucket.layout import ended_key, failed_key, parse_job_key, reason_key
from millhand.brokers.bucket.note import Done, Last, Note
from millhand.brokers.bucket.notes import Kept, Notes
from millhand.brokers.bucket.routes import Route
from millhand.brokers.bucket.store_time import StoreTime
from millhand.brokers.bucket.together import together
from millhand.brokers.bucket.work import output_key
from millhand.core.clock import as_datetime
from millhand.core.errors import BlobMissing
from millhand.core.state import State
from millhand.stores import Bucket

_JSON = "application/json"
_LARGEST_MARK = 4096


class Finisher:
    """Finishes jobs of one place."""

    def __init__(self, bucket: Bucket, notes: Notes, time: StoreTime, routes: Sequence[Route]) -> None:
        self._bucket = bucket
        self._notes = notes
        self._time = time
        self._routes = routes

    async def finish(self, kept: Kept) -> None:
        """Bring out what the job brought, and remove it; what was done already is done again, to no effect."""
        note = kept.note
        if note.done is None:
            return
        if note.done.state is State.COMPLETED:
            await self._bring_out(note, note.done)
            there = await self._is_the_input(note)
        else:
            there = await self._is_the_input(note)
            if there:
                await self._copy_to_failed(note, note.done)
        await self._mark(note)
        if there:
            await self._bucket.delete(note.key)
        # Late, somebody else may have finished it, and a new file of the same name may have a new note.
        if note.holder is None or self._time.now() < note.holder.until:
            await self._notes.delete(note.key)

    async def mark_of(self, key: str) -> Last | None:
        """By which lease, and how, the job that had this key has ended, as far as that is marked."""
        with suppress(BlobMissing):
            body, _ = await self._bucket.read(ended_key(key), max_bytes=_LARGEST_MARK)
            return Last.model_validate_json(body)
        return None

    async def _mark(self, note: Note) -> None:
        by_another = note.holder is not None and note.last is not None and note.holder.token != note.last.token
        if note.last is not None and (by_another or parse_job_key(note.key) is not None):
            await self._bucket.put(ended_key(note.key), note.last.model_dump_json().encode(), _JSON)

    async def _bring_out(self, note: Note, done: Done) -> None:
        await together([self._bucket.create(each.key, each.body.encode(), _JSON) for each in done.follow_ups])
        route = next((route for route in self._routes if route.match(note.key) is not None), None)
        if route is not None and route.output and not route.handler_writes:
            await self._bucket.put(output_key(note.key, route), (done.result or "null").encode(), _JSON)

    async def _copy_to_failed(self, note: Note, done: Done) -> None:
        with suppress(BlobMissing):
            await self._bucket.copy(note.key, failed_key(note.key))
            await self._bucket.put(reason_key(note.key), _reason(note, done), _JSON)

    async def _is_the_input(self, note: Note) -> bool:
        """Whether what lies there is what was worked on, and not a newer file of the same name."""
        if parse_job_key(note.key) is not None:
            return True
        facts = await self._bucket.find(note.key)
        return facts is not None and facts.etag == note.etag


def _reason(note: Note, done: Done) -> bytes:
    last = note.errors[-1] if note.errors else None
    told = {
        "job": note.job_id,
        "state": done.state.value,
        "at": _words(done.at),
        "code": last.code if last else "",
        "message": last.message if last else "",
        "hint": last.hint if last else "",
        "failures": note.failures,
        "crashes": note.crashes,
        "errors": [{**error.model_dump(), "at": _words(error.at)} for error in note.errors],
    }
    return json.dumps(told, ensure_ascii=False, indent=2).encode()


def _words(instant: int) -> str:
    return as_datetime(instant).isoformat(timespec="seconds")
