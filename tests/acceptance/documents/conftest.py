"""One worker for all documents."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.documents.office import Office, connected, running_worker
from tests.acceptance.documents.website import Website, open_website


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[psutil.Process, Path]]:
    """A worker, warm, and its folder."""
    folder = tmp_path_factory.mktemp("office")
    with running_worker(folder) as process:
        with connected(process, folder) as office:
            office.convert_a_good_one()
        yield process, folder


@pytest.fixture
def office(worker: tuple[psutil.Process, Path]) -> Iterator[Office]:
    # Connected anew for each test: what a connection starts would look like a leak.
    with connected(*worker) as opened:
        yield opened


@pytest.fixture
def website() -> Iterator[Website]:
    with open_website() as opened:
        yield opened
