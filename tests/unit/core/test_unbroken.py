"""What a cancelled caller has asked for is not broken off, and is handed back."""

import asyncio

import pytest

from millhand.core.errors import BrokerUnavailable
from millhand.core.unbroken import Unbroken


class Leases:
    """Jobs that are leased once `found` is set, and those that were handed back."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.begun = asyncio.Event()
        self.found = asyncio.Event()
        self.back: list[str] = []
        self._failure = failure

    async def look(self) -> list[str]:
        self.begun.set()
        await self.found.wait()
        return ["job"]

    async def hand_back(self, jobs: list[str]) -> None:
        self.back += jobs
        if self._failure is not None:
            raise self._failure


async def test_who_waits_is_given_what_is_found() -> None:
    leases, unbroken = Leases(), Unbroken()
    leases.found.set()
    assert await unbroken.run(leases.look(), leases.hand_back) == ["job"]
    await unbroken.end()
    assert leases.back == []


@pytest.mark.parametrize("failure", [None, BrokerUnavailable("gone")], ids=["taken back", "away"])
async def test_what_is_found_for_nobody_is_handed_back(failure: Exception | None) -> None:
    leases, unbroken = Leases(failure), Unbroken()
    caller = asyncio.create_task(unbroken.run(leases.look(), leases.hand_back))
    await leases.begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert leases.back == []
    leases.found.set()
    await unbroken.end()
    assert leases.back == ["job"]
