"""A Chromium engine for the tests of a module, started once."""

from collections.abc import Iterator

import pytest

from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.values import ChromiumSettings
from tests.integration.pages.server import Pages, serving
from tests.integration.pages.support import Exporter


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def engine(pages: Pages) -> Iterator[Chromium]:
    """An engine that may reach the server of the tests, and nothing else that is local."""
    made = Chromium(ChromiumSettings(allowed_hosts=frozenset({pages.host})))
    made.warm_up()
    yield made
    made.close()


@pytest.fixture
def exporter(engine: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Exporter:
    return Exporter(engine, tmp_path_factory.mktemp("exported"))


@pytest.fixture
def own(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """An exporter with an engine of its own, for tests that may end its browser."""
    made = Chromium(ChromiumSettings(allowed_hosts=frozenset({pages.host})))
    yield Exporter(made, tmp_path_factory.mktemp("own"))
    made.close()
