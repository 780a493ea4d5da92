"""The envelope: what goes in comes out; what is not ours is refused by name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.core.envelope import check_version, decode, encode
from millhand.core.errors import Permanent
from millhand.core.job import ENVELOPE_VERSION, NewJob
from tests.unit.core.makers import new_job

texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
jobs = st.builds(
    NewJob,
    id=texts,
    kind=texts,
    args=st.dictionaries(texts, json_values, max_size=3).map(lambda args: json.dumps(args, ensure_ascii=False)),
    queue=texts,
    tenant=texts,
    headers=st.dictionaries(texts, texts, max_size=3),
    priority=st.integers(),
    run_at=st.integers(),
    key=st.none() | texts,
    limit_key=st.none() | texts,
    max_attempts=st.integers(),
    max_crashes=st.integers(),
    parent_id=st.none() | texts,
    version=st.just(ENVELOPE_VERSION),
)


@given(jobs)
def test_what_goes_in_comes_out(job: NewJob) -> None:
    assert decode(encode(job)) == job


def test_missing_fields_have_their_defaults() -> None:
    minimal = json.dumps({"v": 1, "id": "a", "kind": "b.c", "args": {"x": 1}}).encode()
    assert decode(minimal) == NewJob(id="a", kind="b.c", args='{"x": 1}')


def test_unknown_fields_of_an_envelope_are_left_alone() -> None:
    body = json.loads(encode(new_job())) | {"added_later": True}
    assert decode(json.dumps(body).encode()) == new_job()


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b"{}", b'{"v":1,"id":"a","kind":"b.c"}', b"\xff"])
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(Permanent) as refused:
        decode(body)
    assert refused.value.code == "bad_envelope"


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", 5), ("kind", None), ("priority", "high"), ("headers", {"a": 1}), ("run_at", 1.5), ("key", 7)],
)
def test_a_field_of_the_wrong_type_is_refused_by_name(field: str, value: object) -> None:
    body = json.loads(encode(new_job())) | {field: value}
    with pytest.raises(Permanent, match=field) as refused:
        decode(json.dumps(body).encode())
    assert refused.value.code == "bad_envelope"


@pytest.mark.parametrize("version", [0, ENVELOPE_VERSION + 1, "1", None])
def test_another_version_is_refused_rather_than_guessed_at(version: object) -> None:
    body = json.loads(encode(new_job())) | {"v": version}
    with pytest.raises(Permanent) as refused:
        decode(json.dumps(body).encode())
    assert refused.value.code == "unknown_version"
    assert "upgrade" in refused.value.hint


def test_the_present_version_passes() -> None:
    check_version(ENVELOPE_VERSION)
