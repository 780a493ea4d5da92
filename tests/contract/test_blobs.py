"""The blob contract, on files and in memory."""

from pathlib import Path

import pytest

from millhand.blobs import BlobStore, url_of
from millhand.testing.contract.blobs import BlobContract


class TestFiles(BlobContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> BlobStore:
        return BlobStore(roots=[tmp_path / "root"])

    @pytest.fixture
    def base(self, tmp_path: Path) -> str:
        return url_of(tmp_path / "root") + "/"


class TestMemory(BlobContract):
    @pytest.fixture
    def blobs(self) -> BlobStore:
        return BlobStore()

    @pytest.fixture
    def base(self) -> str:
        return "memory://store/"
