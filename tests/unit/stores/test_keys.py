"""Keys that are used, and keys that are not."""

import pytest

from millhand.core.errors import Permanent
from millhand.stores import check_key


@pytest.mark.parametrize(
    "key", ["a", "a/b/c.txt", "..a", "a..", ".hidden", "a b", "100%", "ä/ש", "~$x", "a?b#c", "%2E%2E"]
)
def test_a_plain_key_is_used(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/..", "a\nb", "a\0", "\x7f"])
def test_a_key_that_clients_read_differently_is_refused(key: str) -> None:
    with pytest.raises(Permanent) as refused:
        check_key(key)
    assert refused.value.code == "bad_key"
