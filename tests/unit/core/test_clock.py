"""Time and ids."""

import uuid
from datetime import UTC, datetime
from itertools import chain

from millhand.core.clock import MICROSECONDS, SystemClock, after, as_datetime, as_instant, uuid7_texts
from millhand.core.finding import Finding, Level
from millhand.core.health import LoopTick


def test_ids_are_valid_and_sort_by_time() -> None:
    made = [uuid7_texts(milliseconds, bytes(range(20))) for milliseconds in (1, 1_000, 1_750_000_000_000)]
    assert made == sorted(made)
    assert len(set(chain.from_iterable(made))) == 6
    for each in chain.from_iterable(made):
        parsed = uuid.UUID(each)
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
        assert str(parsed) == each


def test_the_example_of_the_standard() -> None:
    random = bytes.fromhex("0CC318C4DC0C0C07398F")
    assert uuid7_texts(0x017F22E279B0, random) == ["017f22e2-79b0-7cc3-98c4-dc0c0c07398f"]


def test_the_machines_clock() -> None:
    clock = SystemClock()
    before, began = datetime.now(UTC), clock.monotonic()
    assert before <= as_datetime(clock.now() + 1) <= datetime.now(UTC)
    assert clock.monotonic() >= began
    assert len({clock.new_id() for _ in range(100)} | set(clock.new_ids(100))) == 200


def test_instants_and_moments() -> None:
    moment = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC)
    assert as_datetime(as_instant(moment)) == moment
    assert after(0, 1.5) == 1_500_000
    assert after(10 * MICROSECONDS, -10) == 0


def test_a_loop_is_stuck_beyond_its_limit() -> None:
    assert not LoopTick("fetcher", 10.0, 10.0).stuck
    assert LoopTick("fetcher", 10.1, 10.0).stuck


def test_a_finding_needs_no_fix() -> None:
    assert Finding("a.b", Level.OK, "all is well").fix == ""
