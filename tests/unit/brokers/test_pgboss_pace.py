"""How often a pg-boss is looked at for what no index leads to."""

import pytest

from millhand.brokers.pgboss.pace import Pace
from millhand.core.errors import BrokerUnavailable
from millhand.testing.clock import FakeClock


def looked(pace: Pace, clock: FakeClock, *seconds: float) -> None:
    """Look as often, for as long."""
    for each in seconds:
        with pace.look():
            clock.advance(each)


def fail(pace: Pace, clock: FakeClock, seconds: float) -> None:
    """Look in vain, for so long."""
    with pace.look():
        clock.advance(seconds)
        raise BrokerUnavailable("gone")


def rest_of(pace: Pace, clock: FakeClock) -> int:
    """Seconds until the next look is due."""
    rest = 0
    while not pace.is_due:
        clock.advance(1)
        rest += 1
    return rest


def test_it_takes_a_hundredth_of_the_time() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    looked(pace, clock, 0.3, 0.3)
    assert rest_of(pace, clock) == 30


def test_one_look_that_was_held_up_does_not_count() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    looked(pace, clock, 0.01, 5.0)
    assert rest_of(pace, clock) == 1
    looked(pace, clock, 0.01)
    assert rest_of(pace, clock) == 1


def test_a_look_that_failed_is_repeated_at_once() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    with pytest.raises(BrokerUnavailable):
        fail(pace, clock, 5.0)
    assert pace.is_due


def test_it_is_no_more_often_than_told() -> None:
    clock = FakeClock()
    pace = Pace(clock, 60.0)
    looked(pace, clock, 0.1)
    assert rest_of(pace, clock) == 60
    with pytest.raises(BrokerUnavailable):
        fail(pace, clock, 0.0)
    assert rest_of(pace, clock) == 60
