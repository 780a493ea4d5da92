"""What tests of every kind share: waiting for a condition, and marks for the programs that they work with."""

import asyncio
import inspect
import os
import shutil
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar, cast

import pytest

T = TypeVar("T")

needs_soffice = pytest.mark.needs("soffice")


def in_ci() -> bool:
    """Whether everything that the tests need is promised to be there."""
    return os.environ.get("CI") == "true"


def missing_programs(names: tuple[str, ...]) -> list[str]:
    """Those of `names` that PATH does not lead to."""
    return [name for name in names if shutil.which(name) is None]


def skip_or_fail(why: str) -> NoReturn:
    """End a test that lacks something: skipped on a laptop, failed where everything is promised."""
    if in_ci():
        pytest.fail(f"{why} (CI=true promises everything)")
    pytest.skip(why)


def wait_until(condition: Callable[[], T], *, within: float = 10.0, every: float = 0.01, what: str = "") -> T:
    """Call `condition` until it gives something true, and return that; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            pytest.fail(f"after {within} s still not: {what or condition}")
        time.sleep(every)


async def poll_until(
    condition: Callable[[], T | Awaitable[T]], *, within: float = 10.0, every: float = 0.01, what: str = ""
) -> T:
    """Call `condition`, plain or async, until it gives something true; return that, or fail in time."""
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        result = cast("T", await answer if inspect.isawaitable(answer) else answer)
        if result:
            return result
        if time.monotonic() > deadline:
            pytest.fail(f"after {within} s still not: {what or condition}")
        await asyncio.sleep(every)
