"""B99: the same random operations on the broker and on the model must look the same."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.testing.contract.harness import BrokerHarness, Clauses, FullBroker
from millhand.testing.contract.model import MAX_CRASHES, ModelBroker

T = TypeVar("T")

# Far apart, so that the time that the test itself takes decides nothing.
_LEASE = 1000.0
_STEP = 710.0
_DELAYS = st.sampled_from([0.0, 1000.0, 3000.0])


@dataclass(frozen=True, slots=True)
class _Claim:
    """A delivery, and the how-manieth of its job it is: brokers number their fences as they like."""

    delivery: Delivery
    number: int


class BrokerMachine(RuleBasedStateMachine):
    """Does everything twice, and compares."""

    sent = Bundle[str]("sent")
    claims = Bundle[_Claim]("claims")

    def __init__(self, runner: asyncio.Runner, harness: BrokerHarness, broker: FullBroker, queue: str) -> None:
        super().__init__()
        self._runner = runner
        self._harness = harness
        self._broker = broker
        self._queue = queue
        self._model = ModelBroker(_LEASE)
        self._can_pause = harness.capabilities.pause

    @initialize()
    def begin(self) -> None:
        """The queue is known from the first pause on."""
        self._resume()

    @rule(
        target=sent,
        priority=st.integers(-1, 1),
        delay=_DELAYS,
        key=st.sampled_from([None, None, "a", "b"]),
    )
    def send(self, priority: int, delay: float, key: str | None) -> str:
        """Send a job."""
        full_key = None if key is None else f"{self._queue}/{key}"
        job = self._harness.job(queue=self._queue, priority=priority, delay=delay, key=full_key)._replace(
            max_crashes=MAX_CRASHES
        )
        [sent] = self._run(self._broker.send([job]))
        assert sent.id == self._model.send(job.id, priority, delay, full_key)
        assert sent.duplicate == (sent.id != job.id)
        return sent.id

    @rule(target=claims, limit=st.integers(1, 5))
    def receive(self, limit: int) -> Any:  # noqa: ANN401 - Hypothesis' own
        """Lease some jobs."""
        deliveries = self._run(self._broker.receive(limit, 0))
        assert [(each.job_id, each.failures, each.crashes) for each in deliveries] == self._model.receive(limit)
        return multiple(*(_Claim(each, self._model.jobs[each.job_id].fence) for each in deliveries))

    @rule(claim=claims, end=st.sampled_from(["complete", "retry", "release", "discard"]), delay=_DELAYS)
    def settle(self, claim: _Claim, end: str, delay: float) -> None:
        """Settle a delivery, held or stale, again or for the first time."""
        settlement = self._settlement(claim.delivery, end, delay)
        expected = self._model.settle(claim.delivery.job_id, claim.number, settlement.state, settlement.delay)
        assert self._run(self._broker.settle([settlement])) == [expected]

    @rule(claim=claims)
    def extend(self, claim: _Claim) -> None:
        """Renew a lease."""
        expected = self._model.extend(claim.delivery.job_id, claim.number)
        assert self._run(self._broker.extend([claim.delivery], _LEASE)) == [expected]

    @rule(job_id=sent)
    def cancel(self, job_id: str) -> None:
        """Cancel a job in any state."""
        assert self._run(self._broker.cancel(job_id)) is self._model.cancel(job_id)

    @rule(job_id=sent)
    def retry(self, job_id: str) -> None:
        """Retry a job by hand, in any state that all brokers call the same."""
        if self._model.became_due(job_id):
            return
        assert (self._run(self._broker.retry([job_id])) == [job_id]) is self._model.retry(job_id)

    @rule()
    def rescue(self) -> None:
        """Look for lost leases."""
        self._run(self._broker.rescue())
        self._model.rescue()

    @rule()
    def advance(self) -> None:
        """Let time pass."""
        self._run(self._harness.advance(_STEP))
        self._model.now += _STEP

    @precondition(lambda self: self._can_pause and not self._model.paused)
    @rule()
    def pause(self) -> None:
        """Pause the queue."""
        self._run(self._broker.pause(self._queue))
        self._model.paused = True

    @precondition(lambda self: self._model.paused)
    @rule()
    def resume(self) -> None:
        """Resume the queue."""
        self._resume()

    def teardown(self) -> None:
        """In the end the same jobs are left over, in the same order."""
        self._resume()
        for _ in range(5):
            self.advance()
        self.rescue()
        left = self._run(self._broker.receive(1_000, 0))
        assert [(each.job_id, each.failures, each.crashes) for each in left] == self._model.receive(1_000)
        self._run(self._broker.settle([self._harness.completed(each) for each in left]))

    def _settlement(self, delivery: Delivery, end: str, delay: float) -> Settlement:
        made = {
            "complete": self._harness.completed(delivery),
            "retry": self._harness.retried(delivery, delay),
            "release": self._harness.released(delivery),
            "discard": self._harness.discarded(delivery),
        }[end]
        # The same settlement must be the same in every detail when it is sent again.
        return made._replace(started_at=delivery.claimed_at, finished_at=delivery.claimed_at)

    def _resume(self) -> None:
        if self._can_pause:
            self._run(self._broker.resume(self._queue))
        self._model.paused = False

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(call)


class ModelClauses(Clauses):
    """The model."""

    @pytest.mark.timeout(300)
    def test_b99_it_behaves_like_the_model(self, harness: BrokerHarness) -> None:
        """Random operations give the same answers from the broker and from the model."""
        harness.need("delay", "priority", "fifo", "dedupe", "fence", "cancel")
        numbers = iter(range(1_000_000))
        with asyncio.Runner() as runner:

            class Machine(BrokerMachine):
                def __init__(self) -> None:
                    queue = f"model-{next(numbers)}"
                    broker = harness.attached(queues=[queue], lease=_LEASE)
                    runner.run(broker.open())
                    super().__init__(runner, harness, broker, queue)

            try:
                run_state_machine_as_test(
                    Machine,
                    settings=settings(
                        max_examples=40,
                        stateful_step_count=40,
                        deadline=None,
                        database=None,  # an example is bound to the state of its store
                        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                    ),
                )
            finally:
                runner.run(harness.detach())
