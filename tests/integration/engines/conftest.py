"""A LibreOffice engine for the tests of a module, started once."""

from collections.abc import Iterator

import pytest

from millhand.engines.soffice import Soffice, SofficeSettings
from tests.integration.engines.support import Converter


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soffice]:
    made = Soffice(SofficeSettings(), tmp_path_factory.mktemp("engine"))
    made.warm_up()
    yield made
    made.close()


@pytest.fixture(scope="module")
def cold_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soffice]:
    made = Soffice(SofficeSettings(fork_server=False), tmp_path_factory.mktemp("cold"))
    yield made
    made.close()


@pytest.fixture
def converter(engine: Soffice, tmp_path_factory: pytest.TempPathFactory) -> Converter:
    return Converter(engine, tmp_path_factory.mktemp("converted"))
