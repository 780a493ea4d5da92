"""The blob contract: on files, in memory, on a real S3 server with and without TLS, and on Azurite."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from millhand.blobs import BlobStore, ObjectAccess, Prefix, url_of
from millhand.testing.azurite import AzuriteServer
from millhand.testing.contract.blobs import BlobContract, ObjectContract
from millhand.testing.s3 import S3Server
from tests.stores import AUTHORITY


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


class TestS3(ObjectContract):
    @pytest.fixture
    def base(self, s3: S3Server) -> str:
        return f"s3://{s3.fresh()}/folder/"

    @pytest.fixture
    def blobs(self, s3: S3Server, base: str) -> BlobStore:
        return BlobStore(objects=ObjectAccess(prefixes=(Prefix.parse(base),), s3=s3.access))


class TestS3ByTls(TestS3):
    @pytest.fixture
    def blobs(self, s3: S3Server, base: str) -> BlobStore:
        access = replace(s3.secure_access, ca_file=AUTHORITY)
        return BlobStore(objects=ObjectAccess(prefixes=(Prefix.parse(base),), s3=access))

    @pytest.fixture
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=AUTHORITY)


class TestAzureBlob(ObjectContract):
    @pytest.fixture
    def base(self, azurite: AzuriteServer) -> str:
        return f"az://{azurite.fresh()}/folder/"

    @pytest.fixture
    def blobs(self, azurite: AzuriteServer, base: str) -> BlobStore:
        return BlobStore(objects=ObjectAccess(prefixes=(Prefix.parse(base),), azure=azurite.access))
