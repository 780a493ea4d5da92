"""Rules for every test: a missing program skips it (or fails it where CI=true); what it starts it ends."""

import asyncio
import inspect
import signal
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from millhand.database import schema_up
from millhand.testing.postgres import PostgresServer, postgres_programs, postgres_server
from tests.groups import pytest_xdist_make_scheduler  # noqa: F401 - a hook
from tests.leaks import Baseline, end_processes, leaked_tasks, leaks, take_baseline
from tests.stores import azurite, own_s3, s3  # noqa: F401 - fixtures
from tests.support import missing_programs, skip_or_fail

_BASELINE = pytest.StashKey[Baseline]()


def pytest_configure() -> None:
    """Let Ctrl-C work in what tests start: a shell in the background ignores it, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test whose programs are not there."""
    names = tuple(str(name) for mark in item.iter_markers("needs") for name in mark.args)
    if missing := missing_programs(names):
        skip_or_fail(f"not installed: {', '.join(missing)}")


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
    # Taken after the fixtures of wider scope, whose processes may stay; one that a parameter asks for would come later.
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and "postgres" in callspec.params.values():
        request.getfixturevalue("postgres")
    request.node.stash[_BASELINE] = take_baseline()
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_no_task_left_behind")


@pytest.fixture
async def _no_task_left_behind() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    if found := await leaked_tasks(before):
        pytest.fail("left behind: " + "; ".join(found), pytrace=False)


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that the test starts say nothing to coverage, which takes a third of their time.

    For proofs on whole processes, many of them killed, whose lines other tests reach.
    """
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the tests of one process; one that breaks its server makes its own."""
    programs = postgres_programs()
    if programs is None:
        skip_or_fail("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="millhand-postgres-", ignore_cleanup_errors=True) as place:
        # The server runs as another user where we are root.
        folder = Path(place)
        folder.chmod(0o755)
        with postgres_server(folder / "server", programs) as server:
            yield server


@pytest.fixture(scope="session")
def _postgres_template(postgres: PostgresServer) -> str:
    url = postgres.fresh()
    schema_up(url)
    return url.rpartition("/")[2]


@pytest.fixture
def postgres_url(postgres: PostgresServer, _postgres_template: str) -> Iterator[str]:
    """A new PostgreSQL database with our tables."""
    url = postgres.fresh(_postgres_template)
    yield url
    postgres.drop(url)
