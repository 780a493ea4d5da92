"""The numbers of the bench: spreads, percentiles, ratios, and rates from the moments at which jobs started."""

import pytest

from bench.statistics import Spread, advantage, percentile, rate_after_start


def test_a_spread_is_the_median_with_its_range() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of([4.0]) == Spread(4.0, 4.0, 4.0)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_a_percentile_of_few_values_is_not_below_them() -> None:
    assert percentile([7.0], 0.01) == 7.0
    assert percentile([1.0, 2.0], 0.99) == 2.0


def test_an_advantage_above_one_is_better_whichever_way_the_measure_goes() -> None:
    assert advantage(20.0, 10.0, "higher") == 2.0
    assert advantage(10.0, 20.0, "lower") == 2.0
    assert advantage(20.0, 10.0, "lower") == 0.5


def test_nothing_is_compared_with_a_zero() -> None:
    assert advantage(0.0, 1.0, "lower") is None
    assert advantage(1.0, 0.0, "lower") is None


def test_the_clock_of_a_rate_starts_with_the_first_job_of_the_last_process() -> None:
    starts = [(10.0 + number, 1 if number != 5 else 2) for number in range(100)]

    assert rate_after_start(starts, 1, 110.0) == 100 / 100.0
    assert rate_after_start(starts, 2, 110.0) == 95 / 95.0


def test_a_process_that_comes_late_does_not_shorten_the_clock() -> None:
    starts = [(10.0 + number, 1 if number < 90 else 2) for number in range(100)]

    assert rate_after_start(starts, 2, 60.0) == 100 / 50.0


def test_the_order_of_the_starts_does_not_matter() -> None:
    starts = [(float(number), 1) for number in range(10)]

    assert rate_after_start(starts[::-1], 1, 10.0) == rate_after_start(starts, 1, 10.0)
