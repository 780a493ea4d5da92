"""Who was out of touch itself does not take others for dead at once."""

from dataclasses import dataclass, field

import pytest

from millhand.core.errors import BrokerUnavailable
from millhand.core.ports import QueueStats
from millhand.testing.clock import FakeClock
from millhand.worker.rescuer import Rescuer

LEASE = 8.0
A_TURN = LEASE / 4


@dataclass
class Rescuing:
    """A broker that has one expired lease at each look."""

    down: bool = False
    calls: list[str] = field(default_factory=list[str])

    async def rescue(self) -> int:
        """One."""
        self._called("rescue")
        return 1

    async def stats(self) -> list[QueueStats]:
        """Nothing."""
        self._called("stats")
        return []

    async def renew(self) -> None:
        """What the worker does for its own leases."""
        self._called("renew")

    def _called(self, name: str) -> None:
        if self.down:
            raise BrokerUnavailable("down")
        self.calls.append(name)


@dataclass
class Watch:
    """A rescuer, its broker and its clock."""

    clock: FakeClock
    broker: Rescuing
    rescuer: Rescuer

    async def rescued(self, turns: int) -> list[int]:
        """What so many turns take back, one after the other."""
        taken: list[int] = []
        for _ in range(turns):
            self.clock.advance(A_TURN)
            taken.append(await self.rescuer.rescue())
        return taken

    async def fail(self, turns: int) -> None:
        """Turns in an outage."""
        self.broker.down = True
        for _ in range(turns):
            self.clock.advance(A_TURN)
            with pytest.raises(BrokerUnavailable):
                await self.rescuer.rescue()
        self.broker.down = False


@pytest.fixture
def watch() -> Watch:
    clock, broker = FakeClock(), Rescuing()
    return Watch(clock, broker, Rescuer(broker, broker.renew, clock, LEASE))


async def test_it_rescues_from_the_start_and_renews_before(watch: Watch) -> None:
    assert await watch.rescuer.rescue() == 1
    assert watch.broker.calls == ["renew", "rescue"]
    assert await watch.rescued(8) == [1] * 8


@pytest.mark.parametrize("turns", [1, 10])
async def test_after_an_outage_the_others_get_a_lease_to_come_back(watch: Watch, turns: int) -> None:
    await watch.fail(turns)
    assert await watch.rescued(6) == [0, 0, 0, 0, 1, 1]


async def test_after_a_sleep_the_others_get_a_lease_to_wake(watch: Watch) -> None:
    watch.clock.advance(3_600)
    assert await watch.rescued(6) == [0, 0, 0, 0, 1, 1]


async def test_an_outage_that_comes_back_makes_it_wait_anew(watch: Watch) -> None:
    await watch.fail(1)
    assert await watch.rescued(3) == [0, 0, 0]
    await watch.fail(1)
    assert await watch.rescued(5) == [0, 0, 0, 0, 1]


async def test_one_that_is_always_late_rescues_all_the_same(watch: Watch) -> None:
    taken: list[int] = []
    for _ in range(10):
        watch.clock.advance(LEASE * 1.5)
        taken.append(await watch.rescuer.rescue())
    assert sum(taken) >= 4
