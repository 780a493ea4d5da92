"""The filter language: what people write is what is meant, and a filter written out reads back equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.core.clock import MICROSECONDS
from millhand.core.errors import UsageError
from millhand.core.state import State
from millhand.ledger.filters import FIELDS, JobFilter, parse

NOW = 1_800_000_000 * MICROSECONDS
HOUR = 3_600 * MICROSECONDS

_texts = st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
_instants = st.none() | st.integers(0, 4_000_000_000 * MICROSECONDS)


def test_fields_and_values() -> None:
    wanted = parse('kind:document.convert state:discarded queue:docs error:Timeout tenant:a since:2h key:"x y"', NOW)
    assert wanted == JobFilter(
        kind="document.convert",
        states=frozenset({State.DISCARDED}),
        queue="docs",
        error="Timeout",
        tenant="a",
        since=NOW - 2 * HOUR,
        key="x y",
    )


def test_bare_words_are_sought_in_the_error() -> None:
    assert parse('connection "was refused" queue:docs', NOW).error == "connection was refused"


def test_several_states() -> None:
    assert parse("state:discarded,Retryable", NOW).states == {State.DISCARDED, State.RETRYABLE}


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("30s", NOW - 30 * MICROSECONDS),
        ("7d", NOW - 7 * 24 * HOUR),
        ("2w", NOW - 14 * 24 * HOUR),
        ("2027-01-15", 1_799_971_200 * MICROSECONDS),
        ("2027-01-15T08:00", NOW),
        ("2027-01-15T09:00+01:00", NOW),
    ],
)
def test_times(text: str, instant: int) -> None:
    assert parse(f"since:{text}", NOW).since == instant
    assert parse(f"until:{text}", NOW).until == instant


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("colour:red", "can't be filtered by 'colour'"),
        ("state:done", "'done' is no state"),
        ("since:yesterday", "'yesterday' is no time"),
        ("http://host/x", "can't be filtered by 'http'"),
    ],
)
def test_what_cant_be_meant_is_refused_with_a_hint(text: str, part: str) -> None:
    with pytest.raises(UsageError, match=r"is no|can't be") as caught:
        parse(text, NOW)
    assert part in caught.value.message
    assert caught.value.hint


def test_a_quoted_url_is_text() -> None:
    assert parse('"http://host/x"', NOW).error == "http://host/x"


def test_every_field_is_documented() -> None:
    for name in FIELDS:
        value = {"state": "running", "since": "1h", "until": "1h"}.get(name, "x")
        assert parse(f"{name}:{value}", NOW) != JobFilter()


@given(
    wanted=st.builds(
        JobFilter,
        kind=_texts,
        states=st.frozensets(st.sampled_from(State)),
        queue=_texts,
        tenant=_texts,
        error=_texts,
        fingerprint=_texts,
        key=_texts,
        parent=_texts,
        since=_instants,
        until=_instants,
    )
)
def test_a_filter_written_out_reads_back_equal(wanted: JobFilter) -> None:
    assert parse(str(wanted), NOW) == wanted
