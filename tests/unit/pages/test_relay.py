"""The relay gives each message of the browser to whom it belongs, however it is cut on the way."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.engines.chromium.relay import FIRST_NUMBER, Sorter

PICTURE = {"id": FIRST_NUMBER, "result": {"data": "A" * 300}, "sessionId": "S2"}
FAILURE = {"id": FIRST_NUMBER + 7, "error": {"code": -32000, "message": '{"id":1}'}}
BEFORE = {"id": FIRST_NUMBER - 1, "result": {}}
EVENT = {"method": "Page.loadEventFired", "params": {"id": FIRST_NUMBER}, "sessionId": "S1"}
DETACHED = {"method": "Target.detachedFromTarget", "params": {"sessionId": "S2"}}
NOTHING = {"id": 1, "result": {}}
MESSAGES = [NOTHING, PICTURE, EVENT, BEFORE, FAILURE, DETACHED, NOTHING]


def written(messages: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(each, separators=(",", ":")).encode() + b"\0" for each in messages)


@given(st.lists(st.integers(0, len(written(MESSAGES))), max_size=20))
def test_each_has_its_own_messages_whole_and_in_order(cuts: list[int]) -> None:
    sorter, content = Sorter(), written(MESSAGES)
    driver = second = b""
    edges = [0, *sorted(cuts), len(content)]
    for start, end in pairwise(edges):
        for piece, to_driver, to_second in sorter.sorted(content[start:end]):
            driver += piece if to_driver else b""
            second += piece if to_second else b""
    assert driver == written([NOTHING, EVENT, BEFORE, DETACHED, NOTHING])
    assert second == written([PICTURE, FAILURE, DETACHED])


@pytest.mark.parametrize("size", [1, 7, 50])
def test_a_large_message_is_passed_on_while_it_comes(size: int) -> None:
    sorter, begun = Sorter(), written([PICTURE])[:-1]
    pieces = [begun[start : start + size] for start in range(0, len(begun), size)]
    assert sum(len(piece) for part in pieces for piece, _, _ in sorter.sorted(part)) == len(begun)
