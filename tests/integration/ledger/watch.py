"""Watches the statements that reads run on SQLite: their plans, and how much work they are in steps of its machine."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

_STEPS = 1_000


@dataclass
class Watch:
    """What was run while it watched. `steps` counts instructions of SQLite's virtual machine, in thousands' steps."""

    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    steps: int = 0

    def begun(
        self, connection: sa.Connection, _cursor: object, sql: str, values: tuple[Any, ...], *_rest: object
    ) -> None:
        self.statements.append((sql, tuple(values)))
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(self._step, _STEPS)

    def _step(self) -> int:
        self.steps += _STEPS
        return 0

    def plans(self, file: Path) -> list[str]:
        """Every line of every plan, as `EXPLAIN QUERY PLAN` words it."""
        driver = sqlite3.connect(file)
        try:
            return [
                line[3]
                for sql, values in self.statements
                if re.match(r"(SELECT|WITH|UPDATE|DELETE)\b", sql)
                for line in driver.execute(f"EXPLAIN QUERY PLAN {sql}", values)
            ]
        finally:
            driver.close()


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch every engine of this process."""
    watch = Watch()
    event.listen(sa.Engine, "before_cursor_execute", watch.begun)
    try:
        yield watch
    finally:
        event.remove(sa.Engine, "before_cursor_execute", watch.begun)
