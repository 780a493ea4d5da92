"""One call for all who ask at the same time."""

import asyncio

import pytest

from millhand.brokers.bucket.shared import Shared


class Calls:
    def __init__(self) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def call(self) -> int:
        self.count += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.count


@pytest.fixture
def calls() -> Calls:
    return Calls()


async def test_all_get_the_answer_of_one_call(calls: Calls) -> None:
    shared = Shared(calls.call)
    asking = [asyncio.create_task(shared()) for _ in range(3)]
    calls.gate.set()
    assert await asyncio.gather(*asking) == [1, 1, 1]
    assert await shared() == 2


async def test_all_get_its_failure_and_the_next_one_calls_again(calls: Calls) -> None:
    shared = Shared(calls.call)
    calls.error = OSError("away")
    calls.gate.set()
    answers = await asyncio.gather(shared(), shared(), return_exceptions=True)
    assert [str(answer) for answer in answers] == ["away", "away"]
    calls.error = None
    assert await shared() == 2


async def test_who_stops_waiting_does_not_end_it_for_the_others(calls: Calls) -> None:
    shared = Shared(calls.call)
    first, second = asyncio.create_task(shared()), asyncio.create_task(shared())
    await asyncio.sleep(0)
    first.cancel()
    calls.gate.set()
    assert await second == 1


async def test_it_can_be_stopped(calls: Calls) -> None:
    shared = Shared(calls.call)
    await shared.stop()
    asking = asyncio.create_task(shared())
    await asyncio.sleep(0)
    await shared.stop()
    with pytest.raises(asyncio.CancelledError):
        await asking
