"""From a URL to a broker."""

from pathlib import Path

import pytest

from millhand.brokers import open_broker
from millhand.brokers.sql import SqlBroker
from millhand.core.errors import ConfigError
from millhand.database import Database
from millhand.testing.clock import FakeClock


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.at(f"sqlite:///{tmp_path}/jobs.db", clock=FakeClock())


def test_the_scheme_decides(database: Database) -> None:
    broker = open_broker(database.url, database=database, worker="w", queues=["a"])
    assert isinstance(broker, SqlBroker)


def test_an_unknown_scheme_is_refused_naming_the_known_ones(database: Database) -> None:
    with pytest.raises(ConfigError, match="carrier-pigeon") as caught:
        open_broker("carrier-pigeon://coop", database=database, worker="w")
    assert "sqlite" in caught.value.hint


def test_the_embedded_broker_lives_with_its_ledger(database: Database) -> None:
    with pytest.raises(ConfigError, match="same database"):
        open_broker("sqlite:///elsewhere.db", database=database, worker="w")
