"""Time and ids."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from millhand.core.clock import (
    MICROSECONDS,
    MOST_SUCCESSORS,
    SystemClock,
    after,
    as_datetime,
    as_instant,
    uuid7_successors,
    uuid7_text,
)
from millhand.core.finding import Finding, Level
from millhand.core.health import LoopTick


def test_ids_are_valid_and_sort_by_time() -> None:
    made = [uuid7_text(milliseconds, bytes(range(10))) for milliseconds in (1, 1_000, 1_750_000_000_000)]
    assert made == sorted(set(made))
    _assert_valid(made)


def test_the_example_of_the_standard() -> None:
    random = bytes.fromhex("0CC318C4DC0C0C07398F")
    assert uuid7_text(0x017F22E279B0, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@pytest.mark.parametrize("random", [b"\x00", b"\xff"])
def test_the_ids_of_a_batch_ascend(random: bytes) -> None:
    first = uuid7_text(1_750_000_000_000, random * 10)
    made = uuid7_successors(first, random * 4 * MOST_SUCCESSORS)
    assert len(made) == MOST_SUCCESSORS
    assert made == sorted(set(made))
    assert {each[:-12] for each in made} == {first[:-12]}
    _assert_valid((made[0], made[-1]))


def test_there_is_no_largest_batch() -> None:
    made = SystemClock().new_ids(MOST_SUCCESSORS + 1)
    assert len(set(made)) == MOST_SUCCESSORS + 1


def test_the_machines_clock() -> None:
    clock = SystemClock()
    before, began = datetime.now(UTC), clock.monotonic()
    assert before <= as_datetime(clock.now() + 1) <= datetime.now(UTC)
    assert clock.monotonic() >= began
    assert len({clock.new_id() for _ in range(100)} | set(clock.new_ids(100))) == 200


def _assert_valid(ids: Iterable[str]) -> None:
    for each in ids:
        parsed = uuid.UUID(each)
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
        assert str(parsed) == each


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
