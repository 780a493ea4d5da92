"""Brokers on a bucket of a real S3 server, for tests: with a clock that moves, and requests that fail where told."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import unquote

from millhand.brokers.bucket import Place, parse
from millhand.brokers.bucket.broker import BucketBroker, ChooseNotes
from millhand.brokers.bucket.claim import Owner
from millhand.brokers.bucket.store_time import StoreTime
from millhand.core.artefact import Artefact
from millhand.core.errors import BlobStoreDown
from millhand.core.failure import Failure
from millhand.core.job import Delivery
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import Cause, State
from millhand.stores import Bucket, S3Access, s3_bucket
from millhand.testing.clock import MovableClock
from millhand.testing.contract.bucket import ClockTime, in_the_bucket

LEASE = 30.0
CHANGES = frozenset({"put", "create", "replace", "upload", "delete", "copy"})


class Yard:
    """A bucket of its own, and workers on it that share a clock."""

    def __init__(self, name: str, access: S3Access, options: str = "") -> None:
        self.name = name
        self.access = access
        self.clock = MovableClock()
        self.place: Place = parse(f"s3://{name}{options}")
        self.bucket = s3_bucket(name, access)

    @asynccontextmanager
    async def broker(
        self,
        worker: str = "one",
        *,
        bucket: Bucket | None = None,
        clock: MovableClock | None = None,
        time: StoreTime | None = None,
        choose_notes: ChooseNotes = in_the_bucket,
        queues: Sequence[str] = (),
    ) -> AsyncGenerator[BucketBroker]:
        """A worker's broker."""
        broker = BucketBroker(
            bucket or self.bucket,
            self.place,
            choose_notes=choose_notes,
            time=time or ClockTime(self.clock),
            clock=clock or self.clock,
            queues=queues,
            owner=Owner(worker=worker, lease=LEASE),
        )
        await broker.open()
        try:
            yield broker
        finally:
            await broker.close()

    async def keys(self) -> list[str]:
        """All keys but those that the broker keeps for itself."""
        found = [facts.key async for page in self.bucket.pages() for facts in page]
        return sorted(key for key in found if not key.startswith(".millhand/"))

    async def notes(self) -> list[str]:
        """The keys of the notes that there are."""
        return [facts.key async for page in self.bucket.pages(".millhand/notes") for facts in page]

    async def text(self, key: str) -> str:
        """A small object."""
        return (await self.bucket.read(key, max_bytes=1_000_000))[0].decode()

    async def convert(self, delivery: Delivery) -> None:
        """Do what the handler of documents does: write the output."""
        args = json.loads(delivery.args)
        key = unquote(args["target"].removeprefix(f"s3://{self.name}/"))
        await self.bucket.put(key, f"PDF of {args['source']}".encode())

    def completed(
        self, delivery: Delivery, *, result: str | None = None, artefacts: tuple[Artefact, ...] = ()
    ) -> Settlement:
        """A success."""
        return Settlement(
            delivery=delivery,
            state=State.COMPLETED,
            cause=Cause.SUCCEEDED,
            charge=Charge.ATTEMPT,
            result=result,
            artefacts=artefacts,
        )

    def discarded(self, delivery: Delivery, failure: Failure) -> Settlement:
        """A failure for good."""
        return Settlement(
            delivery=delivery, state=State.DISCARDED, cause=Cause.GAVE_UP, charge=Charge.ATTEMPT, failure=failure
        )

    def retried(self, delivery: Delivery, failure: Failure, delay: float = 0.0) -> Settlement:
        """A failure for now."""
        return Settlement(
            delivery=delivery,
            state=State.RETRYABLE,
            cause=Cause.FAILED,
            charge=Charge.ATTEMPT,
            failure=failure,
            delay=delay,
        )


class Breaking:
    """A bucket that a process lost touch with: the request of this number, and all after it, fail.

    With `late` that one request still reaches the store, and its answer is lost.
    """

    def __init__(self, bucket: Bucket, number: int, *, late: bool) -> None:
        self._bucket = bucket
        self._number = number
        self._late = late
        self._mended = False
        self.changes = 0

    @property
    def bucket(self) -> Bucket:
        """It, taken for a bucket."""
        return cast("Bucket", self)

    def mend(self) -> None:
        """From now on all requests reach the store."""
        self._mended = True

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the bucket has
        found = getattr(self._bucket, name)
        return self._counted(found) if name in CHANGES else found

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*args: Any, **more: Any) -> Any:  # noqa: ANN401
            self.changes += 1
            if self._mended:
                return await call(*args, **more)
            if self.changes > self._number or (self.changes == self._number and not self._late):
                raise BlobStoreDown("the process is dead")
            answer = await call(*args, **more)
            if self.changes == self._number:
                raise BlobStoreDown("the answer is lost")
            return answer

        return counted
