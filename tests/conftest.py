"""Rules for every test: a missing program skips it (or fails it where CI=true); what it starts it ends."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Generator

import pytest

from tests.leaks import Baseline, end_processes, leaked_tasks, leaks, take_baseline
from tests.support import in_ci, missing_programs

_BASELINE = pytest.StashKey[Baseline]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test whose programs are not there."""
    names = tuple(str(name) for mark in item.iter_markers("needs") for name in mark.args)
    if missing := missing_programs(names):
        message = f"not installed: {', '.join(missing)}"
        if in_ci():
            pytest.fail(f"{message} (CI=true promises everything)")
        pytest.skip(message)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Fail a test that left something behind, once its fixtures and its event loop are closed."""
    yield
    baseline = item.stash.get(_BASELINE, None)
    if baseline and not item.get_closest_marker("leaves") and (found := leaks(baseline)):
        end_processes(baseline)
        pytest.fail("left behind: " + "; ".join(found), pytrace=False)


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> None:
    # Taken after the fixtures of wider scope, whose processes may stay.
    request.node.stash[_BASELINE] = take_baseline()
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_no_task_left_behind")


@pytest.fixture
async def _no_task_left_behind() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    if found := await leaked_tasks(before):
        pytest.fail("left behind: " + "; ".join(found), pytrace=False)
