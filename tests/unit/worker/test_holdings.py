"""What a dispatcher holds."""

import pytest

from millhand.testing.clock import FakeClock
from millhand.worker.holdings import Holdings
from tests.unit.core.makers import delivery


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def holdings(calls: list[str]) -> Holdings:
    return Holdings(FakeClock(), lambda: calls.append("busy"))


def test_deliveries_are_held_until_dropped(holdings: Holdings) -> None:
    first, second = holdings.add([delivery(job_id="a"), delivery(job_id="b")])
    assert (len(holdings), first.job_id, second.job_id) == (2, "a", "b")
    holdings.drop(first)
    holdings.drop(first)
    assert list(holdings) == [second]
    assert second in holdings
    assert first not in holdings


def test_tickets_are_never_used_again(holdings: Holdings) -> None:
    (first,) = holdings.add([delivery()])
    holdings.drop(first)
    (again,) = holdings.add([delivery()])
    assert again.ticket != first.ticket


def test_the_first_one_after_none_rouses_those_who_watch(holdings: Holdings, calls: list[str]) -> None:
    holdings.add([])
    assert calls == []
    (one,) = holdings.add([delivery()])
    holdings.add([delivery()])
    assert calls == ["busy"]
    for held in holdings:
        holdings.drop(held)
    holdings.add([one.delivery])
    assert calls == ["busy", "busy"]
