"""When schedules fire: across the changes of the clocks in Berlin, and after a time in which nobody looked."""

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.core.clock import MICROSECONDS, after, as_datetime, as_instant
from millhand.core.cron import Cron, Missed, due
from millhand.core.errors import ConfigError

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = Cron("0 * * * *")
MINUTELY = Cron("* * * * *")
MINUTE = 60 * MICROSECONDS
DAY = 1_440 * MINUTE


def berlin(text: str, fold: int = 0) -> int:
    return as_instant(datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold))


def utc(text: str) -> int:
    return as_instant(datetime.fromisoformat(f"{text}+00:00"))


def ticks(cron: Cron, since: int, count: int) -> list[str]:
    zone = ZoneInfo(cron.zone)
    return [as_datetime(tick).astimezone(zone).isoformat() for tick in islice(cron.after(since), count)]


def test_in_spring_a_tick_in_the_hour_that_is_skipped_fires_at_its_end() -> None:
    assert ticks(Cron("30 2 * * *", "Europe/Berlin"), berlin("2026-03-28T12:00"), 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_in_autumn_a_tick_in_the_hour_that_comes_twice_fires_once() -> None:
    assert ticks(Cron("30 2 * * *", "Europe/Berlin"), berlin("2026-10-24T12:00"), 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_an_hourly_tick_fires_in_both_passes_of_that_hour() -> None:
    assert ticks(Cron("30 * * * *", "Europe/Berlin"), berlin("2026-10-25T01:45"), 3) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T03:30:00+01:00",
    ]


@given(st.integers(utc("2026-10-24T20:00"), utc("2026-10-25T06:00")))
def test_the_next_tick_is_always_later(instant: int) -> None:
    first, second = islice(Cron("*/15 * * * *", "Europe/Berlin").after(instant), 2)
    assert instant < first < second


def test_seconds_are_a_sixth_field() -> None:
    assert ticks(Cron("*/20 * * * * *"), utc("2026-01-01T00:00"), 2) == [
        "2026-01-01T00:00:20+00:00",
        "2026-01-01T00:00:40+00:00",
    ]


@pytest.mark.parametrize("expression", ["", "61 * * * *", "* * *", "every day", "0 0 31 2 *"])
def test_what_is_no_cron_expression_is_refused(expression: str) -> None:
    with pytest.raises(ConfigError):
        Cron(expression)


@pytest.mark.parametrize("zone", ["Europe/Berlln", "", "../etc/passwd"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(ConfigError, match="no time zone"):
        Cron("0 0 * * *", zone)


def test_in_plain_words() -> None:
    assert Cron("0 3 * * *").explain() == "At 03:00 every day"


def test_nothing_is_due_before_its_time() -> None:
    planned = utc("2026-01-01T10:00")
    assert due(HOURLY, planned, planned - 1, Missed.ALL) == ([], planned)


@pytest.mark.parametrize("missed", Missed)
def test_a_tick_is_on_time_within_the_grace(missed: Missed) -> None:
    planned = utc("2026-01-01T10:00")
    for late in (0, 60):
        assert due(HOURLY, planned, after(planned, late), missed) == ([planned], utc("2026-01-01T11:00"))


def test_what_was_missed() -> None:
    planned, now = utc("2026-01-01T10:00"), utc("2026-01-01T12:30")
    following = utc("2026-01-01T13:00")
    missed = [planned, utc("2026-01-01T11:00"), utc("2026-01-01T12:00")]
    assert due(HOURLY, planned, now, Missed.SKIP) == ([], following)
    assert due(HOURLY, planned, now, Missed.ONCE) == (missed[-1:], following)
    assert due(HOURLY, planned, now, Missed.ALL) == (missed, following)


def test_a_tick_that_is_on_time_makes_up_for_those_that_were_missed() -> None:
    planned, now = utc("2026-01-01T10:00"), after(utc("2026-01-01T12:00"), 5)
    for missed in (Missed.SKIP, Missed.ONCE):
        assert due(HOURLY, planned, now, missed)[0] == [utc("2026-01-01T12:00")]


@pytest.mark.parametrize("missed", [Missed.SKIP, Missed.ONCE])
def test_a_tick_is_on_time_however_long_nobody_looked(missed: Missed) -> None:
    now = utc("2026-07-01T12:00")
    assert due(MINUTELY, now - 100 * DAY, now, missed, grace=30) == ([now], now + MINUTE)


def test_a_thousand_missed_ticks_at_most() -> None:
    now = utc("2026-07-01T12:00")
    fired, following = due(MINUTELY, now - 2 * DAY, now, Missed.ALL)
    assert len(fired) == 1_000
    assert (fired[0], following) == (now - 2 * DAY, now + MINUTE)


@given(st.integers(0, 3 * DAY), st.sampled_from(Missed), st.sampled_from([HOURLY, MINUTELY, Cron("30 2 * * *")]))
def test_fired_ticks_are_in_order_never_early_and_the_next_is_later(gap: int, missed: Missed, cron: Cron) -> None:
    planned = next(cron.after(utc("2026-03-01T00:00")))
    now = planned + gap
    fired, following = due(cron, planned, now, missed)
    assert fired == sorted(set(fired))
    assert all(planned <= tick <= now for tick in fired)
    assert following > now
