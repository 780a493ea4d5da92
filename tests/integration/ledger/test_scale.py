"""At 200,000 jobs, reads for people walk along indexes, in few statements and with bounded work."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from millhand.core.clock import MICROSECONDS
from millhand.core.state import State
from millhand.database import Database, Durability
from millhand.ledger.filters import parse
from millhand.ledger.inspector import Inspector
from millhand.ledger.inspector.changes import Mark
from millhand.ledger.retention import Retention, prune
from millhand.ledger.sums import Sums
from millhand.ledger.views import ArtefactFilter
from tests.integration.ledger.support import START, MovableClock
from tests.integration.ledger.watch import watching

JOBS = 200_000
EVENTS = 100_000
DAY = 86_400
_COLUMNS = (
    "id", "version", "kind", "queue", "tenant", "priority", "state", "args", "headers", "limit_key", "parent_id",
    "failures", "crashes", "max_attempts", "max_crashes", "fence", "worker", "lease_until", "enqueued_at", "run_at",
    "claimed_at", "started_at", "finished_at", "error_code", "error_message", "error_fingerprint",
)  # fmt: skip
_STATES = [
    *[State.COMPLETED] * 70, *[State.DISCARDED] * 10, *[State.AVAILABLE] * 10,
    *[State.RETRYABLE] * 5, *[State.SCHEDULED] * 5,
]  # fmt: skip


def job_rows() -> Iterator[tuple[object, ...]]:
    for number in range(JOBS):
        state = State.RUNNING if number % 20_000 == 0 else _STATES[number % 100]
        at = START - (JOBS - number) * 10 * MICROSECONDS
        failed = state in (State.DISCARDED, State.RETRYABLE)
        final = state in (State.COMPLETED, State.DISCARDED)
        yield (
            job_id(number), 1, f"kind.{number % 7}", f"queue-{number % 5}", f"tenant-{number % 11}", 0, state.value,
            '{"source": "memory://in"}', "{}", "", job_id(number - 1) if number % 50 == 1 else None,
            int(failed), 0, 5, 3, int(final), "worker-1" if state is State.RUNNING else None,
            START + 60 * MICROSECONDS if state is State.RUNNING else None, at, at,
            at, at if final else None, at + MICROSECONDS if final else None,
            "broken" if failed else None, f"page {number} is broken" if failed else None,
            f"{number % 300:012x}" if failed else None,
        )  # fmt: skip


def job_id(number: int) -> str:
    return f"{number:08x}-0000-7000-8000-000000000000"


def fill(file: Path) -> None:
    driver = sqlite3.connect(file)
    marks = ", ".join("?" * len(_COLUMNS))
    driver.executemany(f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({marks})", job_rows())  # noqa: S608 - own names
    driver.executemany(
        "INSERT INTO events (job_id, attempt, at, name, level, text) VALUES (?, 1, ?, 'log', 'info', 'line')",
        ((job_id(number // 5 * 10), START) for number in range(EVENTS)),
    )
    driver.execute(
        "INSERT INTO attempts SELECT seq, 1, 1, 'worker-1', 'executor-1', run_at, claimed_at, started_at, finished_at,"
        " state, 'succeeded', 'attempt', NULL FROM jobs WHERE finished_at IS NOT NULL"
    )
    driver.execute(
        "INSERT INTO artefacts (job_id, attempt, at, name, url, media_type, size, sha256, facts)"
        " SELECT id, 1, finished_at, 'out-' || seq || '.pdf', 'memory://out', 'application/pdf', 1, '', '{}' FROM jobs"
        " WHERE state = 'completed' LIMIT 20000"
    )
    driver.execute("INSERT INTO queues (name) SELECT DISTINCT queue FROM jobs")
    driver.commit()
    driver.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("large") / "ledger.db"

    async def make() -> None:
        database = Database.at(f"sqlite:///{file}", clock=MovableClock())
        await database.open()
        await database.close()

    asyncio.run(make())
    fill(file)
    return file


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Database]:
    database = Database.at(f"sqlite:///{file}", clock=MovableClock(), durability=Durability.NORMAL)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def large(file: Path) -> AsyncIterator[Database]:
    async with opened(file) as database:
        yield database


Read = Callable[[Inspector], Awaitable[object]]


def listing(text: str, before: int | None = None) -> Read:
    return lambda inspector: inspector.jobs(parse(text, START), before=before)


def counting(text: str) -> Read:
    return lambda inspector: inspector.count(parse(text, START))


LISTS: dict[str, Read] = {
    f"jobs {text} {before or ''}": listing(text, before)
    for text in [
        "", "state:completed", "state:discarded,retryable", "kind:kind.3", "kind:nothing",
        "tenant:tenant-4 state:available", "error:nothing", "kind:kind.3 fingerprint:000000000050",
        f"parent:{job_id(50)}", "since:1h", "queue:queue-2 state:running",
    ]
    for before in (None, 100_000)
}  # fmt: skip
READS: dict[str, Read] = {
    **LISTS,
    "count all": counting(""),
    "count of states": counting("state:discarded,retryable"),
    "count of few": counting("kind:nothing state:completed"),
    "count of a group": counting("kind:kind.3 fingerprint:000000000050"),
    "artefacts": lambda inspector: inspector.artefacts(),
    "artefacts by name": lambda inspector: inspector.artefacts(ArtefactFilter(name="nothing"), before=15_000),
    "artefacts of a tenant": lambda inspector: inspector.artefacts(ArtefactFilter(tenant="nobody", media_type="a*")),
    "tally": lambda inspector: inspector.tally(),
    "overview": lambda inspector: inspector.overview(),
    "failures": lambda inspector: inspector.failures(),
    "jobs of failure": lambda inspector: inspector.jobs_of_failure("kind.3", "000000000050"),
    "completed job": lambda inspector: inspector.job(job_id(100_010)),
    "discarded job": lambda inspector: inspector.job(job_id(100_075)),
    "waiting job": lambda inspector: inspector.job(job_id(100_081)),
    "running job": lambda inspector: inspector.job(job_id(20_000)),
    "events": lambda inspector: inspector.events_since(job_id(100_000)),
    "resolve": lambda inspector: inspector.resolve("0001f4"[:6] + "00"),
    "records": lambda inspector: inspector.records([job_id(number) for number in range(100)]),
    "queues": lambda inspector: inspector.queues([]),
    "activity": lambda inspector: inspector.activity(),
    "workers": lambda inspector: inspector.workers(),
    "audit": lambda inspector: inspector.audit(),
    "changes at first": lambda inspector: inspector.changes(None),
    "changes since": lambda inspector: inspector.changes(Mark(job=JOBS - 10, event=10, small=(0, 0, 0))),
}


@pytest.mark.parametrize("name", READS)
async def test_reads_are_few_and_bounded(name: str, large: Database, file: Path) -> None:
    with watching() as watch:
        await READS[name](Inspector(large))
    statements = [sql for sql, _ in watch.statements if not sql.startswith("BEGIN")]
    assert 1 <= len(statements) <= 6
    assert watch.steps < 1_500_000, f"{watch.steps:,} steps"
    walks = [
        line
        for line in watch.plans(file)
        if line.startswith(("SCAN jobs", "SCAN events", "SCAN attempts", "SCAN artefacts"))
    ]
    assert all("INDEX jobs_running" in line or "INDEX jobs_failing" in line for line in walks), walks


async def test_sums_are_made_along_an_index_and_read_with_little_work(file: Path, tmp_path: Path) -> None:
    own = Path(shutil.copy(file, tmp_path))
    async with opened(own) as database:
        with watching() as making:
            assert await Sums(database).roll_up()
        made = making.steps
        while await Sums(database).roll_up():
            pass
        with watching() as reading:
            await Inspector(database).activity()
            await Inspector(database).failures()
    assert made < 200_000
    assert not [line for watch in (making, reading) for line in watch.plans(own) if line.startswith("SCAN jobs")]
    assert any("jobs_finished (state=? AND finished_at>? AND finished_at<?)" in line for line in making.plans(own))
    assert reading.steps < 500_000


async def test_the_same_work_finds_the_newest_and_the_oldest(large: Database) -> None:
    inspector = Inspector(large)
    newest = await inspector.jobs()
    oldest = await inspector.jobs(before=51)
    assert [row.seq for row in newest.rows] == list(range(JOBS, JOBS - 50, -1))
    assert [row.seq for row in oldest.rows] == list(range(50, 0, -1))
    assert oldest.next is None


async def test_counts_stop_at_their_limit(large: Database) -> None:
    tally = await Inspector(large).tally()
    assert str(tally[State.COMPLETED]) == "10,000+"
    assert str(tally[State.SCHEDULED]) == "10,000" or tally[State.SCHEDULED].value < 10_000


async def test_jobs_that_fit_are_counted_as_far_as_a_search_looks(large: Database) -> None:
    counts = {text: str(await Inspector(large).count(parse(text, START))) for text in ("", "kind:kind.3", "kind:no")}
    assert counts == {"": "10,000+", "kind:kind.3": "2,857+", "kind:no": "0+"}
    assert str(await Inspector(large).count(parse("state:running", START))) == "10"


async def test_a_batch_of_pruning_walks_along_indexes(file: Path, tmp_path: Path) -> None:
    retention = Retention(ages={State.COMPLETED: 20 * DAY}, batch=100)
    own = Path(shutil.copy(file, tmp_path))
    async with opened(own) as database:
        with watching() as watch:
            pruned = await prune(database, retention, most_batches=1)
    assert (pruned.jobs, pruned.more) == (100, True)
    assert watch.steps < 1_000_000
    walks = [line for line in watch.plans(own) if line.startswith(("SCAN jobs", "SCAN events", "SCAN attempts"))]
    assert walks == []
