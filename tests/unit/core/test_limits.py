"""Limits that contradict each other are refused when they are declared."""

import math

import pytest

from millhand.core.errors import ConfigError
from millhand.core.limits import MIB, Limits


def test_limits_as_they_are_meant() -> None:
    limits = Limits(soft=5, hard=10, memory=100 * MIB)
    assert (limits.soft, limits.hard, limits.memory) == (5, 10, 100 * MIB)
    assert Limits().soft is None


@pytest.mark.parametrize(
    "wrong", [{"soft": 10, "hard": 10}, {"hard": 0}, {"soft": 0}, {"soft": -1}, {"memory": 0}, {"hard": math.inf}]
)
def test_impossible_limits_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        Limits(**wrong)


def test_what_is_not_a_number_is_no_limit() -> None:
    with pytest.raises(ConfigError):
        Limits(hard=math.nan)
