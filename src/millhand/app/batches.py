"""Send more than a transaction takes: in batches, of which the next are made while the database stores the last."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 1_000
"""How many jobs are sent in one transaction."""

UNDER_WAY = 3
"""How many batches are taken from their source before the first of them is stored."""


async def in_batches(things: Iterable[T], send: Callable[[list[T]], Coroutine[Any, Any, list[R]]]) -> list[R]:
    """What `send` answers for all batches, in their order.

    The first failure is raised. By then the batches before it are stored, and those after it that had begun may be.
    """
    remaining = iter(things)
    answers: list[R] = []
    under_way: deque[asyncio.Task[list[R]]] = deque()
    try:
        while batch := list(islice(remaining, AT_ONCE)):
            under_way.append(asyncio.create_task(send(batch)))
            if len(under_way) == UNDER_WAY:
                answers += await under_way.popleft()
        while under_way:
            answers += await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    return answers
