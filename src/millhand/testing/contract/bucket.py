"""The broker on a bucket, ready to be held to the contract."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, Self, cast

from millhand.brokers.bucket import bucket_of
from millhand.brokers.bucket.broker import CAPABILITIES, BucketBroker
from millhand.brokers.bucket.claim import Owner
from millhand.brokers.bucket.notes import NoteStore, ObjectNotes
from millhand.brokers.bucket.place import Place
from millhand.brokers.bucket.store_time import BucketTime
from millhand.brokers.bucket.together import together
from millhand.core.clock import Clock, SystemClock
from millhand.core.errors import BlobStoreDown
from millhand.stores import Bucket, StoreAccess
from millhand.testing.clock import MovableClock
from millhand.testing.contract.harness import LEASE, BrokerHarness, FullBroker, Opener, Record
from millhand.testing.proxy import Proxy

_SILENCE = 15.0
_NOWHERE = 9
"""A port on which nothing listens."""


class ClockTime:
    """The store's time, if its clock were the one that tests can move."""

    error = 0.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def sync(self) -> None:
        """Nothing to ask."""

    def now(self) -> int:
        """The moved instant."""
        return self._clock.now()


async def in_the_bucket(bucket: Bucket) -> NoteStore:
    """Keep notes as objects."""
    return ObjectNotes(bucket)


class Way(Protocol):
    """How the brokers of a clause reach the store."""

    def bucket(self, place: Place, stores: StoreAccess) -> Bucket:
        """The place, at the end of this way."""
        ...

    def shut(self) -> AbstractContextManager[None]:
        """Make the store unreachable during the block."""
        ...


class Latch:
    """Makes believe that a store is out of reach which we have no power over: its client raises what it would raise."""

    def __init__(self) -> None:
        self.is_shut = False

    def bucket(self, place: Place, stores: StoreAccess) -> Bucket:
        """The place, whose calls fail while it is shut."""
        return cast("Bucket", _Latched(bucket_of(place, stores, _SILENCE), self))

    @contextmanager
    def shut(self) -> Generator[None]:
        """Have every call fail."""
        self.is_shut = True
        try:
            yield
        finally:
            self.is_shut = False


class _Latched:
    def __init__(self, bucket: Bucket, latch: Latch) -> None:
        self._bucket = bucket
        self._latch = latch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the bucket has
        if self._latch.is_shut and not name.startswith("url"):
            raise BlobStoreDown("the store is made to seem out of reach", hint="Wait until the clause is over.")
        return getattr(self._bucket, name)


class Gate:
    """A proxy before a store on this machine, with a loop of its own: clauses that count tasks do not see its."""

    def __init__(self, target: int) -> None:
        self._proxy = Proxy(target)
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate")

    def bucket(self, place: Place, stores: StoreAccess) -> Bucket:
        """The place, through the proxy."""
        through = replace(stores.s3, endpoint=f"http://127.0.0.1:{self._proxy.port}")
        return bucket_of(place, replace(stores, s3=through), _SILENCE)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._proxy.open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._proxy.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def shut(self) -> Generator[None]:
        """Cut all connections, and lead new ones nowhere."""
        self._run(self._lead_to(_NOWHERE))
        try:
            yield
        finally:
            self._run(self._lead_to(self._target))

    async def _lead_to(self, port: int) -> None:
        self._proxy.lead_to(port)
        self._proxy.cut()

    def _run(self, call: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(call, self._loop).result()


@asynccontextmanager
async def open_bucket_broker(place: Place, stores: StoreAccess, owner: Owner) -> AsyncGenerator[FullBroker]:
    """Open a broker that lives by the machine's clock and the store's."""
    bucket, clock = bucket_of(place, stores, _SILENCE), SystemClock()
    broker = BucketBroker(
        bucket,
        place,
        choose_notes=in_the_bucket,
        time=BucketTime(bucket, clock),
        clock=clock,
        queues=(),
        owner=owner,
    )
    async with _opened(broker) as opened:
        yield opened


class BucketHarness(BrokerHarness):
    """An empty place in a store, for jobs of our own alone: the clauses send nothing else."""

    capabilities = CAPABILITIES

    def __init__(self, place: Place, stores: StoreAccess, way: Way) -> None:
        self._place = replace(place, routes=())
        self._stores = stores
        self._way = way
        self._clock = MovableClock()
        self.clock = self._clock

    def broker(
        self, worker: str = "worker-1", *, queues: Sequence[str] = (), lease: float = LEASE
    ) -> AbstractAsyncContextManager[FullBroker]:
        """Open a broker, and close it at the end."""
        return _opened(self._make(worker, queues, lease, self._clock))

    def attached(self, *, queues: Sequence[str], lease: float) -> FullBroker:
        """A broker like any other: there are no connections to share."""
        return self._make("worker-1", queues, lease, self._clock)

    async def detach(self) -> None:
        """There is nothing to end."""

    def skewed_broker(self, worker: str, ahead: float) -> AbstractAsyncContextManager[FullBroker]:
        """A broker whose own clock is wrong; that of the store is not."""
        clock = MovableClock()
        clock.advance(ahead)
        return _opened(self._make(worker, (), LEASE, clock))

    def opener(self, worker: str, *, lease: float = LEASE) -> Opener:
        """How another process opens a broker."""
        return partial(open_bucket_broker, self._place, self._stores, Owner(worker=worker, lease=lease))

    async def advance(self, seconds: float) -> None:
        """Let time pass for the brokers and for the store."""
        self._clock.advance(seconds)

    @asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Shut the way."""
        with self._way.shut():
            yield

    async def clear(self) -> None:
        """Remove everything that is there."""
        bucket = bucket_of(self._place, self._stores, _SILENCE)
        async for page in bucket.pages():
            await together([bucket.delete(facts.key) for facts in page])

    async def record(self, job_id: str) -> Record:
        """A bucket keeps no history."""
        raise NotImplementedError(job_id)

    def lose_pushes(self) -> None:
        """There are none."""

    def _make(self, worker: str, queues: Sequence[str], lease: float, clock: MovableClock) -> BucketBroker:
        return BucketBroker(
            self._way.bucket(self._place, self._stores),
            self._place,
            choose_notes=in_the_bucket,
            time=ClockTime(self._clock),
            clock=clock,
            queues=queues,
            owner=Owner(worker=worker, lease=lease),
        )


@asynccontextmanager
async def _opened(broker: BucketBroker) -> AsyncGenerator[FullBroker]:
    try:
        await broker.open()
        yield broker
    finally:
        await broker.close()
