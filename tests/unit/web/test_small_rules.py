"""The small rules of the API: merge patches, parts of files, names of hosts."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.net.loopback import is_local
from millhand.web.access.gate import host_of
from millhand.web.access.roles import Role
from millhand.web.api.actions import merged
from millhand.web.problems import Refused
from millhand.web.ranges import part_of


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_are_those_of_the_standard(target: object, patch: object, result: object) -> None:
    assert merged(target, patch) == result


@given(header=st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), size=st.integers(0, 2_000))
def test_a_part_is_always_inside_the_file(header: str, size: int) -> None:
    part = None
    with suppress(Refused):
        part = part_of(header, size)
    assert part is None or (part.length > 0 and part.start >= 0 and part.start + part.length <= size)


@pytest.mark.parametrize(
    ("header", "host", "local"),
    [
        ("localhost:8450", "localhost", True),
        ("LOCALHOST.", "LOCALHOST.", True),
        ("app.localhost", "app.localhost", True),
        ("127.0.0.1:1", "127.0.0.1", True),
        ("127.8.8.8", "127.8.8.8", True),
        ("[::1]:8450", "[::1]", True),
        ("[::1]", "[::1]", True),
        ("localhost.example:80", "localhost.example", False),
        ("10.0.0.1", "10.0.0.1", False),
        ("127.1", "127.1", False),
        ("", "", False),
    ],
)
def test_a_host_is_local_or_not(header: str, host: str, local: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (host_of(header), is_local(host)) == (host, local)


def test_each_role_includes_those_before_it() -> None:
    assert [[one.includes(other) for other in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
