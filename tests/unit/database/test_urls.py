"""Which databases a URL can name."""

from pathlib import Path

import pytest

from millhand.core.clock import SystemClock
from millhand.core.errors import ConfigError
from millhand.database import Database
from millhand.database.urls import sqlite_path


def test_relative_and_absolute_files() -> None:
    assert sqlite_path("sqlite:///data/jobs.db") == Path.cwd() / "data/jobs.db"
    assert sqlite_path("sqlite:////var/lib/jobs.db") == Path("/var/lib/jobs.db")
    assert sqlite_path("postgresql://user@host/name") is None


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/name", "jobs.db", ""])
def test_other_urls_are_refused_with_a_hint(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Database.at(url, clock=SystemClock())
    assert caught.value.hint
