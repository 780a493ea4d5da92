"""A worker that reads and writes a real S3 bucket: documents are converted there, and nothing else is reached."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from millhand.blobs import BlobStore, ObjectAccess, Prefix
from millhand.core.errors import BlobMissing
from millhand.demo import samples
from millhand.testing.s3 import S3Server
from tests.integration.stores.conftest import Mill
from tests.support import needs_soffice


@pytest.fixture
def mill(tmp_path: Path, s3: S3Server, bucket: str) -> Mill:
    """The command line with the variables that a user of MinIO has."""
    host, _, port = s3.endpoint.removeprefix("http://").partition(":")
    variables = {
        "MINIO_ENDPOINT": host,
        "MINIO_PORT": port,
        "MINIO_SECURE": "false",
        "MINIO_ACCESS_KEY": s3.access.access_key_id,
        "MINIO_SECRET_KEY": s3.access.secret_access_key,
        "MILLHAND_BLOBS__PREFIXES": f"s3://{bucket}/open",
    }
    return Mill(tmp_path, variables)


@pytest.fixture
def blobs(s3: S3Server, bucket: str) -> BlobStore:
    """The whole bucket, as the operator sees it."""
    return BlobStore(objects=ObjectAccess(prefixes=(Prefix.parse(f"s3://{bucket}"),), s3=s3.access))


@pytest.fixture
def worker(mill: Mill) -> Iterator[None]:
    """A worker that runs during the test."""
    with mill.worker() as process:
        yield
    assert process.returncode == 0


@needs_soffice
async def test_documents_are_converted_in_the_bucket(worker: None, mill: Mill, blobs: BlobStore, bucket: str) -> None:
    source = next(sample for sample in samples() if sample.name == "minutes.odt")
    await blobs.put(source, f"s3://{bucket}/open/in/minutes%20of%20May.odt")
    args = {"source": f"s3://{bucket}/open/in/minutes%20of%20May.odt", "target": f"s3://{bucket}/open/out/May.pdf"}
    done = mill.run("enqueue", "document.convert", json.dumps(args), "--wait", "--timeout", "90", "--json")
    assert done.returncode == 0, done.stderr
    info = await blobs.stat(f"s3://{bucket}/open/out/May.pdf")
    assert info.media_type == "application/pdf"
    content = b"".join([piece async for piece in blobs.stream(info.url)])
    assert content.startswith(b"%PDF-")
    assert len(content) == info.size


@needs_soffice
async def test_a_job_reaches_no_other_place(worker: None, mill: Mill, blobs: BlobStore, bucket: str) -> None:
    source = next(sample for sample in samples() if sample.name == "minutes.odt")
    await blobs.put(source, f"s3://{bucket}/secret/minutes.odt")
    await blobs.put(source, f"s3://{bucket}/open/minutes.odt")
    inside, outside = f"s3://{bucket}/open/minutes.odt", f"s3://{bucket}/secret/minutes.odt"
    for args in ({"source": outside, "target": inside}, {"source": inside, "target": f"s3://{bucket}/secret/x.pdf"}):
        done = mill.run("enqueue", "document.convert", json.dumps(args), "--wait", "--timeout", "60")
        assert done.returncode == 1
        assert "blob_not_allowed" in done.stderr or "outside the places" in done.stderr
    with pytest.raises(BlobMissing):
        await blobs.stat(f"s3://{bucket}/secret/x.pdf")


def test_doctor_looks_into_the_bucket(mill: Mill, bucket: str) -> None:
    found = _store_finding(mill)
    assert (found["level"], bucket in found["finding"]) == ("ok", True)


def test_doctor_says_what_is_wrong(mill: Mill, s3: S3Server, bucket: str) -> None:
    mill.variables["MILLHAND_BLOBS__PREFIXES"] = "s3://nowhere/open"
    found = _store_finding(mill)
    assert found["level"] == "error"
    assert "there is no bucket" in found["finding"]
    assert "s3 mb s3://nowhere" in found["fix"]
    mill.variables["MILLHAND_BLOBS__PREFIXES"] = f"s3://{bucket}"
    mill.variables.update(
        {"MINIO_ACCESS_KEY": s3.reader.access_key_id, "MINIO_SECRET_KEY": s3.reader.secret_access_key}
    )
    found = _store_finding(mill)
    assert found["level"] == "warning"
    assert "environment MINIO_ACCESS_KEY" in found["finding"]


def test_settings_show_no_secret(mill: Mill, s3: S3Server) -> None:
    shown = mill.run("config", "show", "--origin").stdout
    assert "environment MINIO_ACCESS_KEY" in shown
    assert s3.access.secret_access_key not in shown


def _store_finding(mill: Mill) -> dict[str, str]:
    began = time.monotonic()
    done = mill.run("doctor", "--json")
    assert time.monotonic() - began < 60
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    [found] = [each for each in findings if each["id"] == "blobs.stores"]
    return found
