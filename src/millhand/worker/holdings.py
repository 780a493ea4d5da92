"""What a dispatcher holds: every delivery whose lease it keeps, from receipt to accepted settlement."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from millhand.core.clock import Clock
from millhand.core.job import Delivery


@dataclass(eq=False, slots=True)
class Holding:
    """One leased delivery. The `ticket` names it between dispatcher and executor.

    Times are on the monotonic clock; `until`, the end of the lease, is an instant. Once it has `ended`, its settlement
    is on the way, and only the answer to that tells whether the lease was kept to the end.
    """

    ticket: int
    delivery: Delivery
    held_since: float
    renewed: float
    until: int
    executor: str = ""
    started_at: int | None = None
    running_since: float | None = None
    stop_sent: float | None = None
    stop_reason: str = ""
    ended: bool = False
    lost: bool = False

    def given_to(self, executor: str) -> None:
        """An executor gets it, perhaps another one than before: what was true of the former is over."""
        self.executor = executor
        self.started_at = self.running_since = self.stop_sent = None
        self.stop_reason = ""

    def runs_at(self, moment: float) -> None:
        """It was seen to run; the first time counts."""
        if self.running_since is None:
            self.running_since = moment

    @property
    def job_id(self) -> str:
        """The id of its job."""
        return self.delivery.job_id


class Holdings:
    """All holdings of one dispatcher, by ticket. `busy` is called when the first one comes after there was none."""

    def __init__(self, clock: Clock, busy: Callable[[], None]) -> None:
        self._clock = clock
        self._busy = busy
        self._tickets = count(1)
        self._held: dict[int, Holding] = {}

    def __iter__(self) -> Iterator[Holding]:
        return iter(list(self._held.values()))

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, holding: Holding) -> bool:
        return holding.ticket in self._held

    def add(self, deliveries: Sequence[Delivery]) -> list[Holding]:
        """Hold these deliveries."""
        if deliveries and not self._held:
            self._busy()
        now = self._clock.monotonic()
        added = [Holding(next(self._tickets), each, now, now, each.lease_until) for each in deliveries]
        self._held.update((holding.ticket, holding) for holding in added)
        return added

    def drop(self, holding: Holding) -> None:
        """Hold it no longer: it is settled, or its lease is lost for good."""
        self._held.pop(holding.ticket, None)
