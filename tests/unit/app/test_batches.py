"""Long rows go out in batches: in their order, with few of them taken ahead, and nothing goes on after a failure."""

import asyncio
from collections.abc import Iterator

import pytest

from millhand.app.batches import AT_ONCE, UNDER_WAY, in_batches


class Store:
    """Stores one batch at a time, whenever it is told to; refuses one that holds what is `bad`."""

    def __init__(self, bad: int = -1) -> None:
        self.stored: list[int] = []
        self.begun = 0
        self.most_taken_ahead = 0
        self._taken = 0
        self._bad = bad
        self._turn = asyncio.Lock()

    def source(self, count: int) -> Iterator[int]:
        for number in range(count):
            self._taken += 1
            self.most_taken_ahead = max(self.most_taken_ahead, self._taken - len(self.stored))
            yield number

    async def send(self, batch: list[int]) -> list[str]:
        self.begun += 1
        async with self._turn:
            await asyncio.sleep(0)
            if self._bad in batch:
                raise ValueError(self._bad)
            self.stored += batch
        return [str(number) for number in batch]


@pytest.mark.parametrize("count", [0, 1, AT_ONCE, 7 * AT_ONCE + 5])
async def test_the_answers_come_in_the_order_of_the_source(count: int) -> None:
    store = Store()
    assert await in_batches(store.source(count), store.send) == [str(number) for number in range(count)]
    assert store.stored == list(range(count))


async def test_few_are_taken_ahead_of_what_is_stored() -> None:
    store = Store()
    await in_batches(store.source(10 * AT_ONCE), store.send)
    assert AT_ONCE < store.most_taken_ahead <= UNDER_WAY * AT_ONCE


async def test_after_a_failure_nothing_more_is_begun() -> None:
    store = Store(bad=2 * AT_ONCE)
    with pytest.raises(ValueError, match=str(2 * AT_ONCE)):
        await in_batches(store.source(10 * AT_ONCE), store.send)
    assert store.stored[: 2 * AT_ONCE] == list(range(2 * AT_ONCE))
    begun, stored = store.begun, len(store.stored)
    for _ in range(10):
        await asyncio.sleep(0)
    assert (store.begun, len(store.stored)) == (begun, stored)
    assert begun <= 2 + UNDER_WAY


async def test_a_caller_that_goes_away_takes_all_with_it() -> None:
    store, begun = Store(), asyncio.Event()

    async def send(batch: list[int]) -> list[str]:
        begun.set()
        await asyncio.Event().wait()
        return await store.send(batch)

    call = asyncio.create_task(in_batches(store.source(5 * AT_ONCE), send))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (asyncio.all_tasks() - {asyncio.current_task()}, store.stored) == (set(), [])
