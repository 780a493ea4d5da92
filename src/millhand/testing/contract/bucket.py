"""The broker on a bucket, ready to be held to the contract."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Self

from millhand.brokers.bucket.broker import CAPABILITIES, BucketBroker, ChooseNotes
from millhand.brokers.bucket.claim import Owner
from millhand.brokers.bucket.notes import NoteStore, ObjectNotes
from millhand.brokers.bucket.place import Place
from millhand.brokers.bucket.store_time import BucketTime
from millhand.core.clock import Clock, SystemClock
from millhand.stores import Bucket, S3Access, s3_bucket
from millhand.testing.clock import MovableClock
from millhand.testing.contract.harness import LEASE, BrokerHarness, FullBroker, Opener, Record
from millhand.testing.proxy import Proxy
from millhand.testing.s3 import S3Server

_FOLDER = "mill"
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


class Gate:
    """A proxy with a loop of its own, so that clauses which count tasks do not see its."""

    def __init__(self, target: int) -> None:
        self._proxy = Proxy(target)
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate")

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._proxy.port

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
async def open_bucket_broker(name: str, access: S3Access, owner: Owner) -> AsyncGenerator[FullBroker]:
    """Open a broker that lives by the machine's clock and the store's."""
    bucket, clock = s3_bucket(name, access, _FOLDER), SystemClock()
    broker = BucketBroker(
        bucket,
        _place(name),
        choose_notes=in_the_bucket,
        time=BucketTime(bucket, clock),
        clock=clock,
        queues=(),
        owner=owner,
    )
    async with _opened(broker) as opened:
        yield opened


class BucketHarness(BrokerHarness):
    """A new bucket of a server, which the brokers reach through a gate."""

    capabilities = CAPABILITIES

    def __init__(self, server: S3Server, gate: Gate, choose_notes: ChooseNotes = in_the_bucket) -> None:
        self._server = server
        self._gate = gate
        self._access = replace(server.access, endpoint=f"http://127.0.0.1:{gate.port}")
        self._choose_notes = choose_notes
        self._clock = MovableClock()
        self.clock = self._clock
        self.bucket = server.fresh()

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
        return partial(open_bucket_broker, self.bucket, self._server.access, Owner(worker=worker, lease=lease))

    async def advance(self, seconds: float) -> None:
        """Let time pass for the brokers and for the store."""
        self._clock.advance(seconds)

    @asynccontextmanager
    async def outage(self) -> AsyncGenerator[None]:
        """Shut the gate."""
        with self._gate.shut():
            yield

    async def record(self, job_id: str) -> Record:
        """A bucket keeps no history."""
        raise NotImplementedError(job_id)

    def lose_pushes(self) -> None:
        """There are none."""

    def _make(self, worker: str, queues: Sequence[str], lease: float, clock: MovableClock) -> BucketBroker:
        return BucketBroker(
            s3_bucket(self.bucket, self._access, _FOLDER),
            _place(self.bucket),
            choose_notes=self._choose_notes,
            time=ClockTime(self._clock),
            clock=clock,
            queues=queues,
            owner=Owner(worker=worker, lease=lease),
        )


def _place(bucket: str) -> Place:
    """A place for jobs of our own alone: the clauses send nothing else."""
    return Place(scheme="s3", bucket=bucket, folder=_FOLDER)


@asynccontextmanager
async def _opened(broker: BucketBroker) -> AsyncGenerator[FullBroker]:
    try:
        await broker.open()
        yield broker
    finally:
        await broker.close()
