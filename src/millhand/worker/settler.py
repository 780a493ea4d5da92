"""Tells the broker how attempts ended, in batches, until it accepts or refuses each."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from millhand.core.clock import Clock
from millhand.core.errors import PayloadTooLarge
from millhand.core.failure import failure_of
from millhand.core.outcome import Completed, Discarded, Outcome
from millhand.core.ports import Broker
from millhand.core.retry import RetryPolicy
from millhand.core.settlement import Run, Settlement, settlement
from millhand.telemetry.metrics import Metrics
from millhand.worker.holdings import Holding, Holdings
from millhand.worker.loop import Loop
from millhand.worker.messages import Rules
from millhand.worker.observers import Observers

_BATCH = 1_000
_BYTES_OF_CHARACTER = 4  # at most, in UTF-8


class _Ending(NamedTuple):
    holding: Holding
    settlement: Settlement


class Settler(Loop):
    """Holds on to each settlement through an outage; the leases are renewed meanwhile."""

    name = "settler"

    def __init__(
        self,
        broker: Broker,
        holdings: Holdings,
        clock: Clock,
        metrics: Metrics,
        rules: Callable[[], dict[str, Rules]],
        random: Callable[[], float],
        observers: Observers | None = None,
    ) -> None:
        super().__init__(clock, every=1.0)
        self._broker = broker
        self._holdings = holdings
        self._metrics = metrics
        self._rules = rules
        self._random = random
        self._observers = observers or Observers()
        self._waiting: list[_Ending] = []
        self._announced: set[asyncio.Task[None]] = set()
        self.settled = 0

    def put(self, holding: Holding, outcome: Outcome, run: Run) -> None:
        """Settle a holding with this outcome. One whose lease is lost is only let go: it is no longer ours."""
        if holding.lost:
            self._holdings.drop(holding)
            return
        delivery = holding.delivery
        known = self._rules().get(delivery.kind)
        policy = delivery.retry or (known.retry if known is not None else RetryPolicy())
        decided = settlement(delivery, self._storable(outcome), policy, run, self._random())
        ending = _Ending(holding, decided)
        if self._observers.wait_for(decided):
            announcing = asyncio.create_task(self._announce(ending), name=f"announce {holding.job_id}")
            self._announced.add(announcing)
            announcing.add_done_callback(self._announced.discard)
        else:
            self._tell(ending)

    def release(self, holding: Holding, outcome: Outcome) -> None:
        """Settle a holding that never ran here."""
        self.put(holding, outcome, Run(started_at=None, finished_at=self.clock.now(), executor=holding.executor))

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be told."""
        return not self._waiting and not self._announced

    async def close(self) -> None:
        """Leave what is not told yet: its lease runs out, and the job is delivered again."""
        for announcing in self._announced:
            announcing.cancel()
        await asyncio.gather(*self._announced, return_exceptions=True)

    async def turn(self) -> None:
        """Tell the broker what waits."""
        while self._waiting:
            batch = self._waiting[:_BATCH]
            answers = await self._broker.settle([ending.settlement for ending in batch])
            del self._waiting[: len(batch)]
            self._answered(batch, answers)

    async def _announce(self, ending: _Ending) -> None:
        """Let observers tell of a failure, and only then the broker: after a death in between it is told again."""
        await self._observers.failing(ending.settlement)
        if ending.holding.lost:
            self._holdings.drop(ending.holding)
        else:
            self._tell(ending)

    def _tell(self, ending: _Ending) -> None:
        ending.holding.ended = True
        self._waiting.append(ending)
        self.rouse()

    def _storable(self, outcome: Outcome) -> Outcome:
        """A job whose follow-up jobs the broker would not take can't succeed."""
        if not isinstance(outcome, Completed) or not outcome.follow_ups:
            return outcome
        most = self._broker.capabilities.max_payload
        jobs = outcome.follow_ups
        if all(len(job.args) * _BYTES_OF_CHARACTER <= most or len(job.args.encode()) <= most for job in jobs):
            return outcome
        return Discarded(failure_of(PayloadTooLarge(f"a follow-up job's arguments have more than {most:,} bytes")))

    def _answered(self, endings: Sequence[_Ending], answers: Sequence[bool]) -> None:
        for ending in endings:
            self._holdings.drop(ending.holding)
        accepted = [ending.settlement for ending, ok in zip(endings, answers, strict=True) if ok]
        self.settled += len(accepted)
        self._metrics.settled(accepted)
        self._observers.settled(accepted)
        for ending, ok in zip(endings, answers, strict=True):
            if not ok:
                self._refused(ending.settlement)

    def _refused(self, settlement: Settlement) -> None:
        self._metrics.settlement_refused(settlement)
        held = settlement.delivery
        self.log.warning("settlement refused: the lease was lost", job_id=held.job_id, attempt=held.attempt)
