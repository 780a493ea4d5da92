"""The embedded broker behind the port: each call is one operation of the database's writer."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from millhand.brokers.sql import control, send
from millhand.brokers.sql.claim import Claim, Claimer, Lease, give_back, unclaim
from millhand.brokers.sql.rescue import AT_ONCE as RESCUED_AT_ONCE
from millhand.brokers.sql.rescue import rescue_some
from millhand.brokers.sql.settle import extend, settle
from millhand.brokers.sql.stats import queue_stats
from millhand.core.capabilities import Capabilities
from millhand.core.clock import MICROSECONDS, after
from millhand.core.errors import BrokerUnavailable
from millhand.core.fairness import Caps
from millhand.core.job import Delivery, NewJob, Sent
from millhand.core.ports import CancelResult, QueueStats
from millhand.core.settlement import Settlement
from millhand.database import Database
from millhand.database.writer import Operation

T = TypeVar("T")

_Way = Callable[[sa.Connection, int, Lease], Claim]

_AGES = 1e9

# How long a claim waits, in seconds, for other workers that are claiming from the same queue at this moment.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.002, 0.03
_PATIENCE_IN_A_CROWD = 0.1

_CAPABILITIES = Capabilities(
    delay=True,
    priority=True,
    fifo=True,
    dedupe=True,
    fence=True,
    inspect=True,
    cancel=True,
    pause=True,
    notify=True,
    limits=True,
    fair=True,
    history=True,
    max_payload=send.MAX_PAYLOAD,
    dead_letter="jobs in state discarded",
)


@dataclass(eq=False)
class _ClaimAttempt:
    """A call that leases jobs: the instants at which it was tried, and earlier ones without an answer to clean up."""

    given_back: "tuple[_ClaimAttempt, ...]"
    instants: list[int] = field(default_factory=list[int])


class SqlBroker:
    """A broker on a SQL database.

    `queues` are those to receive from, none meaning all; `worker` is the name under which jobs are leased, new at each
    start; `lease` is in seconds. The database may be shared with the ledger: `close` leaves it open.
    """

    def __init__(self, database: Database, *, queues: Sequence[str], worker: str, lease: float) -> None:
        self._database = database
        self._clock = database.clock
        self._worker = worker
        self._lease = lease
        self._claimer = Claimer(tuple(queues))
        self._unanswered: tuple[_ClaimAttempt, ...] = ()
        self._open = False

    @property
    def capabilities(self) -> Capabilities:
        """What this broker can do."""
        return _CAPABILITIES

    async def open(self) -> None:
        """Open the database if that has not happened. Calling it twice is harmless."""
        await self._database.open()
        self._open = True

    async def close(self) -> None:
        """End a `receive` under way. Calling it twice, or before `open`, is harmless."""
        self._open = False
        self._database.waker.wake()

    async def send(self, jobs: Sequence[NewJob]) -> list[Sent]:
        """Store jobs durably, all or none; raises `PayloadTooLarge` before anything is stored."""
        self._require_open()
        send.check_sizes(jobs)
        if not jobs:
            return []
        return await self._database.write(
            lambda connection: send.insert_jobs(connection, jobs, self._clock.now()),
            single=send.is_one_statement(jobs),
            calls=True,
        )

    async def receive(self, limit: int, wait: float) -> list[Delivery]:
        """Lease up to `limit` ready jobs; if there is none, wait up to `wait` seconds for one."""
        self._require_open()
        loop = asyncio.get_running_loop()
        began, pause = loop.time(), _SHORTEST_PAUSE
        while self._open and limit > 0:
            ticket = self._database.waker.ticket
            claim = await self._lease_jobs(limit)
            patience = max(wait, _PATIENCE_IN_A_CROWD) if claim.crowded else wait
            remaining = began + patience - loop.time()
            if claim.deliveries or remaining <= 0:
                return claim.deliveries
            longest = self._seconds_until(claim.next_due)
            if claim.crowded:
                longest, pause = pause * random.uniform(0.5, 1.5), min(2 * pause, _LONGEST_PAUSE)  # noqa: S311 - no secret
            await self._database.waker.wait(min(remaining, longest), since=ticket)
        return []

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Move the leases' ends to `seconds` from now; False where the lease is lost."""
        self._require_open()
        return await self._database.write(
            lambda connection: extend(connection, deliveries, self._worker, after(self._clock.now(), seconds)),
            durability=self._database.lease_durability,
        )

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Record how deliveries ended, with their follow-up jobs; False where the lease was lost."""
        self._require_open()
        for each in settlements:
            send.check_sizes(each.follow_ups)
        settled = await self._database.write(
            lambda connection: settle(connection, settlements, self._worker, self._clock.now())
        )
        if settled.others_may_go_on:
            self._database.waker.notify()
        return settled.accepted

    async def cancel(self, job_id: str) -> CancelResult:
        """Cancel a waiting job at once, or ask for the cancelling of a running one."""
        return await self._command(lambda connection: control.cancel(connection, job_id, self._clock.now()))

    async def stats(self) -> list[QueueStats]:
        """How each queue stands; counts end at 10,000."""
        self._require_open()
        return await self._database.read(queue_stats)

    async def rescue(self) -> int:
        """Offer again the jobs whose lease has run out, charging each a crash; returns how many."""
        self._require_open()
        total, now = 0, self._clock.now()  # the writer may be late, or wake from a sleep before us who renew leases
        while rescued := await self._database.write(lambda connection: rescue_some(connection, now)):
            total += rescued
            self._database.waker.notify()
            if rescued < RESCUED_AT_ONCE:
                break
        return total

    async def retry(self, job_ids: Sequence[str]) -> list[str]:
        """Make final or waiting jobs ready to run now, with nothing charged; returns the ids that it applied to."""
        return await self._command(lambda connection: control.retry(connection, job_ids, self._clock.now()))

    async def pause(self, queue: str) -> None:
        """Stop delivering from a queue, in every worker; running jobs go on."""
        await self._command(lambda connection: control.pause(connection, queue, self._clock.now()))

    async def resume(self, queue: str) -> None:
        """Deliver from a queue again."""
        await self._command(lambda connection: control.pause(connection, queue, None))

    async def set_caps(self, queue: str, caps: Caps) -> None:
        """Set the concurrency limits of a queue, across all workers."""
        await self._command(lambda connection: control.set_caps(connection, queue, caps))

    async def purge(self, queue: str) -> int:
        """Cancel every waiting job of a queue; returns how many."""
        total = 0
        while purged := await self._command(
            lambda connection: control.purge_some(connection, queue, self._clock.now())
        ):
            total += purged
        return total

    async def _command(self, operation: Operation[T]) -> T:
        self._require_open()
        return await self._database.write(operation, calls=True)

    async def _lease_jobs(self, limit: int) -> Claim:
        """On a server first in a single statement, if that may do: then nothing is asked and waited for before."""
        if self._database.on_server and self._claimer.simple and not self._unanswered:
            claim = await self._leased(self._claimer.claim_at_once, limit, single=True)
            if claim.deliveries:
                return claim
        return await self._leased(self._claimer.claim, limit)

    async def _leased(self, way: _Way, limit: int, *, single: bool = False) -> Claim:
        attempt = _ClaimAttempt(self._unanswered)
        try:
            claim = await self._database.write_beside(
                partial(self._claim, way, attempt=attempt, limit=limit),
                undo=_undo,
                durability=self._database.lease_durability,
                single=single,
            )
        except BaseException:
            # Perhaps jobs were leased, but nobody will work on them: the next claim gives them back.
            self._unanswered = (*self._unanswered, attempt)
            raise
        self._unanswered = tuple(each for each in self._unanswered if each not in attempt.given_back)
        return claim

    def _claim(self, way: _Way, connection: sa.Connection, attempt: _ClaimAttempt, limit: int) -> Claim:
        now = self._clock.now()
        if lost := [instant for each in attempt.given_back for instant in each.instants]:
            give_back(connection, self._worker, lost)
        attempt.instants.append(now)
        return way(connection, limit, Lease(self._worker, now, after(now, self._lease)))

    def _seconds_until(self, instant: int | None) -> float:
        return _AGES if instant is None else max(0.0, (instant - self._clock.now()) / MICROSECONDS)

    def _require_open(self) -> None:
        if not self._open:
            raise BrokerUnavailable("the broker is not open", hint="Call `open` first.")


def _undo(claim: Claim) -> Operation[None]:
    return lambda connection: unclaim(connection, claim.deliveries)
