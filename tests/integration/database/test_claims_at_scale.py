"""A claim reads as little from a long backlog as from a short one, counted in steps of SQLite's machine."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from millhand.brokers.sql import control
from millhand.brokers.sql.claim import Claimer, Lease
from millhand.brokers.sql.rescue import rescue_some
from millhand.brokers.sql.send import insert_jobs
from millhand.core.fairness import Caps
from millhand.core.job import NewJob
from millhand.database import Durability, schema_up
from millhand.database.engines import writer_engine
from millhand.testing.clock import FakeClock

_STEPS = 100


class Store:
    """A database with a backlog, and a count of the steps that calls take."""

    def __init__(self, path: Path, backlog: int) -> None:
        url = f"sqlite:///{path}"
        schema_up(url)
        self.clock = FakeClock()
        self._engine = writer_engine(url, Durability.NORMAL, 1.0)
        self._counted = 0
        with self._engine.begin() as connection:
            for tenant, key in (("a", "k1"), ("a", "k2"), ("b", None)):
                insert_jobs(connection, self._jobs(backlog, tenant=tenant, limit_key=key), self.clock.now())
            insert_jobs(connection, self._jobs(backlog, queue="other"), self.clock.now())
            insert_jobs(connection, self._jobs(backlog, delay=3_600), self.clock.now())
            insert_jobs(connection, self._jobs(1, queue="empty"), self.clock.now())
            control.purge_some(connection, "empty", self.clock.now())

    def steps_of_claim(self, queue: str, caps: Caps) -> int:
        lease = Lease("w", self.clock.now(), self.clock.now() + 1)

        def claim(connection: sa.Connection) -> None:
            Claimer([queue]).claim(connection, 10, lease)
            rescue_some(connection, self.clock.now())

        with self._engine.begin() as connection:
            control.set_caps(connection, queue, caps)
        return self._steps(claim)

    def steps_of_duplicate(self) -> int:
        jobs = self._jobs(2, key="k")
        return self._steps(lambda connection: insert_jobs(connection, jobs, self.clock.now()))

    def _steps(self, work: Callable[[sa.Connection], object]) -> int:
        self._counted = 0
        with self._engine.begin() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.set_progress_handler(self._count, _STEPS)
            work(connection)
            driver.set_progress_handler(None, 0)
        return self._counted * _STEPS

    def close(self) -> None:
        self._engine.dispose()

    def _count(self) -> int:
        self._counted += 1
        return 0

    def _jobs(self, count: int, *, delay: float = 0, **fields: str | None) -> list[NewJob]:
        run_at = self.clock.now() + round(delay * 1e6) if delay else 0
        plain = NewJob(id="", kind="k", args="{}", queue="main", run_at=run_at)
        return [plain._replace(id=self.clock.new_id(), **fields) for _ in range(count)]


@pytest.mark.parametrize("queue", ["main", "other", "empty"])
@pytest.mark.parametrize("caps", [Caps(), Caps(tenant=2), Caps(queue=3, limit_key=1)])
def test_a_claim_does_not_read_the_backlog(tmp_path: Path, queue: str, caps: Caps) -> None:
    short, long = Store(tmp_path / "short.db", 100), Store(tmp_path / "long.db", 8_000)
    assert long.steps_of_claim(queue, caps) <= short.steps_of_claim(queue, caps) * 1.2 + 2 * _STEPS
    short.close()
    long.close()


def test_a_key_is_found_without_reading_the_backlog(tmp_path: Path) -> None:
    short, long = Store(tmp_path / "short.db", 100), Store(tmp_path / "long.db", 8_000)
    assert long.steps_of_duplicate() <= short.steps_of_duplicate() * 1.2 + 2 * _STEPS
    short.close()
    long.close()
