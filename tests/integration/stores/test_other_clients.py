"""What another S3 client puts is read by us, and what we put is read by it, whatever the name."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from millhand.blobs import BlobStore, ObjectAccess, Prefix
from millhand.stores import s3_bucket
from millhand.testing.s3 import S3Server
from tests.integration.stores.conftest import Client

KEYS = [
    "plain.txt",
    "in folders/with spaces.docx",
    "ümlaut/שלום/📄.pdf",
    "100%.txt",
    "%41.txt",
    "a+b&c=d.txt",
    "question?hash#.txt",
    "semi;colon,comma'quote(1)*!.txt",
    "~$lock.docx",
    "<tag>&amp;.txt",
]


@pytest.fixture
def blobs(s3: S3Server, bucket: str) -> BlobStore:
    return BlobStore(objects=ObjectAccess(prefixes=(Prefix.parse(f"s3://{bucket}"),), s3=s3.access))


async def test_what_another_client_puts_is_found_and_read(blobs: BlobStore, client: Client, bucket: str) -> None:
    for key in KEYS:
        client.put_object(Bucket=bucket, Key=key, Body=key.encode(), ContentType="text/x-test")
    found = {info.url async for info in blobs.walk(f"s3://{bucket}")}
    assert len(found) == len(KEYS)
    for key in KEYS:
        url = f"s3://{bucket}/{quote(key)}"
        assert b"".join([piece async for piece in blobs.stream(url)]) == key.encode()
        assert (await blobs.stat(url)).media_type == "text/x-test"
    contents = {b"".join([piece async for piece in blobs.stream(url)]).decode() for url in found}
    assert contents == set(KEYS)


async def test_what_we_put_another_client_reads(blobs: BlobStore, client: Client, bucket: str) -> None:
    for key in KEYS:
        await blobs.put(key.encode(), f"s3://{bucket}/{quote(key)}", media_type="text/x-test")
        answer = client.get_object(Bucket=bucket, Key=key)
        assert (answer["Body"].read(), answer["ContentType"]) == (key.encode(), "text/x-test")


async def test_a_failed_upload_leaves_no_parts_behind(s3: S3Server, client: Client, bucket: str) -> None:
    with pytest.raises(RuntimeError, match="half-way"):
        await s3_bucket(bucket, s3.access).upload("large.bin", _ends_early())
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def _ends_early() -> Iterator[bytes]:
    for _ in range(20):
        yield b"x" * 1_000_000
    raise RuntimeError("half-way")


_COPY = """
import asyncio, os, resource, sys
from pathlib import Path
from millhand.blobs import BlobStore, ObjectAccess, Prefix
from millhand.stores import S3Access

folder, bucket, endpoint, key, secret = sys.argv[1:]
access = S3Access(endpoint=endpoint, access_key_id=key, secret_access_key=secret)
blobs = BlobStore(objects=ObjectAccess(prefixes=(Prefix.parse(f"s3://{bucket}"),), s3=access))

async def copy() -> None:
    await blobs.put(b"warm", f"s3://{bucket}/warm")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    put = await blobs.put(Path(folder, "large"), f"s3://{bucket}/large")
    got = await blobs.fetch(put.url, Path(folder, "copy"))
    assert put.sha256 == got.sha256
    print(got.size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(copy())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it measures by POSIX means")
def test_memory_stays_bounded(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(200_000_000)
    access = s3.access
    arguments = [str(tmp_path), bucket, access.endpoint, access.access_key_id, access.secret_access_key]
    done = subprocess.run([sys.executable, "-c", _COPY, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    size, grown_kib = done.stdout.split()
    assert int(size) == 200_000_000
    assert int(grown_kib) < 100_000
