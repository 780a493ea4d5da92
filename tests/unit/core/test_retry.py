"""Retry policies: how long a job waits after so many failures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.core.errors import ConfigError
from millhand.core.retry import LONGEST_WAIT, RetryPolicy


def waits(policy: RetryPolicy, failures: int = 6) -> list[float]:
    return [policy.delay(number, 0.5) for number in range(1, failures + 1)]


def test_fixed_waits_follow_one_another_and_set_the_attempts() -> None:
    policy = RetryPolicy.fixed(60, 180, 600)
    assert policy.max_attempts == 4
    assert waits(policy, 3) == [60, 180, 600]


def test_fixed_without_waits_means_one_attempt() -> None:
    assert RetryPolicy.fixed().max_attempts == 1


def test_the_last_fixed_wait_repeats() -> None:
    assert waits(RetryPolicy(delays=(1, 2)), 4) == [1, 2, 2, 2]


def test_growing_waits_end_at_the_cap() -> None:
    assert waits(RetryPolicy(first=1, factor=3, cap=20, jitter=0)) == [1, 3, 9, 20, 20, 20]


@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True), st.floats(0, 1), st.floats(1, 1_000))
def test_jitter_keeps_its_share_however_often_it_failed(
    failures: int, random: float, jitter: float, factor: float
) -> None:
    plain = RetryPolicy(factor=factor, jitter=0).delay(failures, 0.5)
    spread = RetryPolicy(factor=factor, jitter=jitter).delay(failures, random)
    assert plain * (1 - jitter) - 1e-9 <= spread <= plain * (1 + jitter) + 1e-9
    assert spread >= 0


def test_jitter_goes_both_ways() -> None:
    policy = RetryPolicy(delays=(10,), jitter=0.2)
    assert (policy.delay(1, 0.0), policy.delay(1, 0.5)) == (8.0, 10.0)
    assert policy.delay(1, 0.999) == pytest.approx(12, abs=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_attempts": 0},
        {"max_crashes": 0},
        {"first": -1.0},
        {"cap": -1.0},
        {"delays": (1.0, -1.0)},
        {"factor": 0.5},
        {"factor": math.inf},
        {"jitter": 1.5},
        {"jitter": -0.1},
        {"first": math.nan},
        {"cap": math.inf},
        {"delays": (LONGEST_WAIT * 2,)},
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        RetryPolicy(**wrong)  # pyright: ignore[reportArgumentType] - a table of wrong values
