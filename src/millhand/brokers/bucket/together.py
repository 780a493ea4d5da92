"""Many requests at once, but not too many; and what goes wrong with the store in words of a broker."""

import asyncio
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from millhand.core.errors import BlobFailed, BrokerUnavailable

T = TypeVar("T")

_AT_ONCE = 16
_HINT = "Check that the store runs and can be reached, and what the credentials allow."


async def together(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The answers in the order of the calls. All of them end before the first that failed is raised."""
    answers, failed = await tried_together(calls)
    if failed is not None:
        raise failed
    return answers


async def tried_together(calls: Sequence[Coroutine[Any, Any, T]]) -> tuple[list[T], BaseException | None]:
    """The answers that there were, in the order of the calls, and the first failure, if any."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def limited(call: Coroutine[Any, Any, T]) -> T:
        async with limit:
            return await call

    answers = await asyncio.gather(*(limited(call) for call in calls), return_exceptions=True)
    failed = next((answer for answer in answers if isinstance(answer, BaseException)), None)
    return [answer for answer in answers if not isinstance(answer, BaseException)], failed


@contextmanager
def outages() -> Generator[None]:
    """Turn the failures of the store into an outage of the broker."""
    try:
        yield
    except BlobFailed as error:
        raise BrokerUnavailable(error.message, hint=error.hint or _HINT) from error
