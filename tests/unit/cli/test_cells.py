"""How values are written for people and for programs."""

import pytest

from millhand.cli.cells import Instant, Seconds, Share, Size, as_object, duration, for_people, for_programs, size
from millhand.core.fairness import Caps
from millhand.core.state import State
from millhand.ledger.views import Count

NOON = 1_800_000_000_000_000


@pytest.mark.parametrize(
    ("value", "people", "programs"),
    [
        (Instant(NOON - 90_000_000), "1m 30s ago", "2027-01-15T07:58:30.000Z"),
        (Instant(NOON + 5_000_000), "in 5.0 s", "2027-01-15T08:00:05.000Z"),
        (Instant(None), "-", ""),
        (Instant(0), "-", ""),
        (Seconds(0.012), "12 ms", "0.012"),
        (Seconds(None), "-", ""),
        (Size(1_572_864), "1.5 MiB", "1572864"),
        (Share(0.5), "50%", "0.5"),
        (Count(10_000, more=True), "10,000+", "10000"),
        (12_345, "12,345", "12345"),
        (State.RUNNING, "running", "running"),
        (True, "yes", "yes"),
        (("a", "b"), "a,b", "a,b"),
        ("two\nlines\tand tabs", "two lines and tabs", "two lines and tabs"),
        (None, "-", ""),
    ],
)
def test_a_value_has_a_form_for_people_and_one_for_programs(value: object, people: str, programs: str) -> None:
    assert for_people(value, NOON) == people
    assert for_programs(value) == programs


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0 ms"), (9.96, "10.0 s"), (59.0, "59 s"), (61.0, "1m 01s"), (7_260.0, "2h 01m"), (90_000.0, "1d 1h")],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1_023, "1023 B"), (2_048, "2.0 KiB"), (99 << 20, "99 MiB"), (3 << 30, "3.0 GiB")]
)
def test_sizes_have_the_unit_that_suits_them(count: int, text: str) -> None:
    assert size(count) == text


def test_data_classes_become_objects_and_instants_texts() -> None:
    assert as_object({"caps": Caps(queue=1), "seen_at": NOON, "next_at": None, "state": State.RUNNING}) == {
        "caps": {"queue": 1, "tenant": None, "limit_key": None},
        "seen_at": "2027-01-15T08:00:00.000Z",
        "next_at": None,
        "state": "running",
    }
