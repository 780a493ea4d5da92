"""Every message arrives as it was sent, whatever handlers put into it."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.core.artefact import Artefact
from millhand.core.events import Level, LogLine, Progress
from millhand.core.failure import Failure
from millhand.core.job import NewJob
from millhand.core.limits import Limits
from millhand.core.outcome import Cancelled, Completed, Discarded, Released, Retry, Snoozed
from millhand.core.retry import RetryPolicy
from millhand.worker.messages import (
    LENGTH_BYTES,
    Ended,
    Exit,
    Failed,
    Hello,
    Leaving,
    Message,
    Recall,
    Recalled,
    Rules,
    Run,
    Said,
    Started,
    Stop,
    frame,
    unframe,
)

texts = st.text(max_size=20)
numbers = st.integers(-(2**63), 2**63)
floats = st.floats(allow_nan=False)
waits = st.floats(0, 3600)
plain = st.recursive(
    st.none() | st.booleans() | numbers | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
fields = st.dictionaries(texts, plain, max_size=3)
failures = st.builds(Failure, texts, texts, texts, texts, texts, texts)
artefacts = st.builds(Artefact, texts, texts, texts, numbers, texts, fields)
new_jobs = st.builds(
    NewJob,
    id=texts,
    kind=texts,
    args=texts,
    headers=st.dictionaries(texts, texts, max_size=2),
    key=st.none() | texts,
    run_at=numbers,
)
outcomes = st.one_of(
    st.builds(
        Completed,
        st.none() | texts,
        st.lists(artefacts, max_size=2).map(tuple),
        st.lists(new_jobs, max_size=2).map(tuple),
    ),
    st.builds(Retry, failures, st.none() | floats, st.booleans()),
    st.builds(Snoozed, floats, texts),
    st.builds(Discarded, failures),
    st.builds(Cancelled, texts),
    st.builds(Released, texts),
)
policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 100),
    delays=st.lists(waits, max_size=3).map(tuple),
    first=waits,
    cap=waits,
)
rules = st.builds(Rules, policies, st.builds(Limits, soft=st.none() | st.floats(0.1, 1), hard=st.floats(2, 3600)))
events = st.builds(Progress, texts, numbers, numbers, floats, texts) | st.builds(
    LogLine, texts, numbers, numbers, st.sampled_from(Level), texts, fields
)
messages = st.one_of(
    st.builds(Hello, st.dictionaries(texts, rules, max_size=2)),
    st.builds(Failed, failures),
    st.builds(
        Run, numbers, texts, texts, texts, numbers, texts, texts, st.dictionaries(texts, texts, max_size=2), numbers
    ),
    st.builds(Stop, numbers, texts),
    st.builds(Recalled, st.lists(numbers, max_size=4)),
    st.builds(Started, numbers, numbers),
    st.builds(Ended, numbers, outcomes, st.none() | numbers, numbers, floats),
    st.builds(Said, numbers, events),
    st.sampled_from([Recall(), Exit(), Leaving()]),
)


def sent(*some: Message) -> list[Message]:
    """What comes out at the other end."""
    written = frame(some)
    header, body = written[:LENGTH_BYTES], written[LENGTH_BYTES:]
    assert int.from_bytes(header, "big") == len(body)
    return list(unframe(body))


@given(st.lists(messages, max_size=4))
def test_what_is_sent_arrives(some: list[Message]) -> None:
    assert sent(*some) == some


def test_every_kind_of_message_is_among_them() -> None:
    assert {kind.__name__ for kind in get_args(Message)} == {
        "Hello", "Failed", "Run", "Stop", "Recall", "Recalled", "Leaving", "Exit", "Started", "Ended", "Said",
    }  # fmt: skip


def test_half_a_surrogate_pair_cannot_reach_a_database() -> None:
    (arrived,) = sent(Ended(1, Cancelled("caf\udce9 😀"), None, 1, 0.0))
    assert arrived == Ended(1, Cancelled("caf? 😀"), None, 1, 0.0)


@pytest.mark.parametrize(
    ("odd", "words"),
    [(PurePosixPath("a/b"), "a/b"), (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"), (object, str(object))],
)
def test_what_json_cannot_hold_arrives_in_words(odd: object, words: str) -> None:
    (arrived,) = sent(Said(1, Progress("job-1", 1, 1, 0.5, odd)))  # pyright: ignore[reportArgumentType] - the mistake
    assert isinstance(arrived, Said)
    assert arrived.event.text == words


def test_a_large_frame() -> None:
    large = Run(1, "job-1", "kind", "x" * 5_000_000, 1, "q", "", {})
    assert sent(large) == [large]
