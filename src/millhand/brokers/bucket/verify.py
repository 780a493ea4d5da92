"""Before an input goes, look whether what was made of it is there."""

from collections.abc import Sequence

from millhand.brokers.bucket.note import Note
from millhand.brokers.bucket.routes import Route
from millhand.brokers.bucket.work import output_key
from millhand.core.failure import Failure, failure
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import Cause, State
from millhand.stores import Bucket

_TRY_AGAIN_AFTER = 10.0


class Verifier:
    """Looks for the outputs of one place. Where they are `taken`, one that was written and is gone has a reader."""

    def __init__(self, bucket: Bucket, routes: Sequence[Route], *, taken: bool) -> None:
        self._bucket = bucket
        self._routes = routes
        self._taken = taken

    async def problem(self, note: Note, settlement: Settlement) -> Failure | None:
        """Why a job that is said to be completed is not."""
        route = next((route for route in self._routes if route.match(note.key) is not None), None)
        if route is None or not route.output or not route.handler_writes:
            return None
        key = output_key(note.key, route)
        found = await self._bucket.find(key)
        if found is None and self._taken and any(made.url == self._bucket.url_of(key) for made in settlement.artefacts):
            return None
        if found is None or found.size == 0:
            what = "is empty" if found else "is not there"
            return failure("output_missing", f"the handler ended well, but '{self._bucket.url_of(key)}' {what}")
        told = next((made.size for made in settlement.artefacts if made.url == self._bucket.url_of(key)), found.size)
        if told != found.size:
            return failure(
                "output_missing",
                f"'{self._bucket.url_of(key)}' has {found.size:,} bytes, but {told:,} were written",
                "Something else writes there: give each its own place.",
            )
        return None

    def refused(self, note: Note, settlement: Settlement, problem: Failure) -> Settlement:
        """The settlement as a failure, to be tried again, or the last one."""
        again = note.failures + 1 < settlement.delivery.max_attempts
        return settlement._replace(
            state=State.RETRYABLE if again else State.DISCARDED,
            cause=Cause.FAILED if again else Cause.GAVE_UP,
            charge=Charge.ATTEMPT,
            delay=_TRY_AGAIN_AFTER,
            failure=problem,
            result=None,
            follow_ups=(),
        )
