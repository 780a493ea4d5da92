"""What a broker must supply to be held to the contract, and what the clauses share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import pytest

from millhand.core.capabilities import Capabilities
from millhand.core.clock import Clock
from millhand.core.failure import Failure, failure
from millhand.core.fairness import Caps
from millhand.core.job import Delivery, NewJob
from millhand.core.ports import Broker
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import Cause, State

LEASE = 30.0


class FullBroker(Broker, Protocol):
    """A broker with all its optional parts; clauses use those that its capabilities declare."""

    async def rescue(self) -> int: ...  # noqa: D102 - as in the ports
    async def retry(self, job_ids: Sequence[str]) -> list[str]: ...  # noqa: D102
    async def pause(self, queue: str) -> None: ...  # noqa: D102
    async def resume(self, queue: str) -> None: ...  # noqa: D102
    async def set_caps(self, queue: str, caps: Caps) -> None: ...  # noqa: D102
    async def purge(self, queue: str) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Record:
    """What a broker with history knows of a job."""

    state: State
    error_code: str | None
    attempts: int


Opener = Callable[[], AbstractAsyncContextManager[FullBroker]]
"""Opens a broker on the same store; it can be pickled, for use in another process."""


class BrokerHarness(ABC):
    """One empty store, on which any number of brokers can be opened."""

    capabilities: Capabilities
    clock: Clock

    @abstractmethod
    def broker(
        self, worker: str = "worker-1", *, queues: Sequence[str] = (), lease: float = LEASE
    ) -> AbstractAsyncContextManager[FullBroker]:
        """Open a broker, and close it at the end."""

    @abstractmethod
    def attached(self, *, queues: Sequence[str], lease: float) -> FullBroker:
        """A broker that shares its connections with all others made so, not open yet."""

    @abstractmethod
    async def detach(self) -> None:
        """End the connections of the attached brokers."""

    def skewed_broker(self, worker: str, ahead: float) -> AbstractAsyncContextManager[FullBroker] | None:
        """A broker in whose process the clock is wrong by so many seconds; None where there is one clock only."""
        del worker, ahead
        return None

    @abstractmethod
    def opener(self, worker: str, *, lease: float = LEASE) -> Opener:
        """How another process opens a broker."""

    @abstractmethod
    async def advance(self, seconds: float) -> None:
        """Let time pass for the store."""

    @abstractmethod
    def outage(self) -> AbstractAsyncContextManager[None]:
        """Make the store unreachable for writing."""

    @abstractmethod
    async def record(self, job_id: str) -> Record:
        """What is known of a job."""

    @abstractmethod
    def lose_pushes(self) -> None:
        """Make every waiter deaf to pushes."""

    def need(self, *names: str) -> None:
        """Skip the clause if the broker lacks one of these capabilities."""
        missing = [name for name in names if not getattr(self.capabilities, name)]
        if missing:
            pytest.skip(f"the broker declares no {', '.join(missing)}")

    def job(
        self,
        args: str = '{"n":1}',
        *,
        queue: str = "default",
        tenant: str = "",
        priority: int = 0,
        delay: float = 0.0,
        key: str | None = None,
        limit_key: str | None = None,
    ) -> NewJob:
        """A job to send; `delay` is in seconds."""
        return NewJob(
            id=self.clock.new_id(),
            kind="contract.test",
            args=args,
            queue=queue,
            tenant=tenant,
            priority=priority,
            run_at=self.clock.now() + round(delay * 1e6) if delay else 0,
            key=key,
            limit_key=limit_key,
        )

    def completed(self, delivery: Delivery, *, follow_ups: Sequence[NewJob] = ()) -> Settlement:
        """The settlement of a success."""
        return self._settlement(
            delivery, State.COMPLETED, Cause.SUCCEEDED, Charge.ATTEMPT, follow_ups=tuple(follow_ups)
        )

    def retried(self, delivery: Delivery, delay: float = 0.0) -> Settlement:
        """The settlement of a failure that is tried again."""
        reason = failure("exception", "it did not work")
        return self._settlement(delivery, State.RETRYABLE, Cause.FAILED, Charge.ATTEMPT, delay=delay, reason=reason)

    def released(self, delivery: Delivery) -> Settlement:
        """The settlement of a job handed back."""
        return self._settlement(delivery, State.AVAILABLE, Cause.RELEASED, Charge.NOTHING)

    def discarded(self, delivery: Delivery, code: str = "permanent") -> Settlement:
        """The settlement of a job that can't succeed."""
        reason = failure(code, "it can't work")
        return self._settlement(delivery, State.DISCARDED, Cause.GAVE_UP, Charge.ATTEMPT, reason=reason)

    def _settlement(
        self,
        delivery: Delivery,
        state: State,
        cause: Cause,
        charge: Charge,
        *,
        delay: float = 0.0,
        reason: Failure | None = None,
        follow_ups: tuple[NewJob, ...] = (),
    ) -> Settlement:
        now = self.clock.now()
        return Settlement(
            delivery=delivery,
            state=state,
            cause=cause,
            charge=charge,
            delay=delay,
            failure=reason,
            follow_ups=follow_ups,
            started_at=now,
            finished_at=now,
            executor="contract",
        )


class Clauses:
    """A group of clauses. A subclass overrides the fixture `harness`."""

    @pytest.fixture
    def harness(self) -> BrokerHarness:
        """The broker under test."""
        raise NotImplementedError


async def drain(broker: Broker, harness: BrokerHarness, *, batch: int = 100) -> list[Delivery]:
    """Receive and complete until nothing is ready."""
    done: list[Delivery] = []
    while deliveries := await broker.receive(batch, 0):
        assert all(await broker.settle([harness.completed(each) for each in deliveries]))
        done += deliveries
    return done
