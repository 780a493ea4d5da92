"""What a user reads when a real store is missing, refuses, is down or says nothing, and what it costs a job."""

import asyncio
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace

import pytest

from millhand.core.classify import outcome_of
from millhand.core.errors import BlobFailed, BlobMissing, BlobStoreDown, Permanent
from millhand.core.outcome import Retry
from millhand.stores import Bucket, S3Access, azure_container, s3_bucket
from millhand.testing.azurite import AzuriteServer
from millhand.testing.s3 import S3Server
from tests.stores import AUTHORITY
from tests.support import poll_until


async def _every_call(bucket: Bucket) -> list[BlobFailed]:
    """What each call says."""
    said: list[BlobFailed] = []
    for call in (
        bucket.put("a", b"x"),
        bucket.create("a", b"x"),
        bucket.upload("a", [b"x" * 9_000_000]),
        bucket.read("a", max_bytes=10),
        bucket.copy("a", "b"),
        anext(bucket.pages("in")),
    ):
        with pytest.raises(BlobFailed) as failed:
            await call
        said.append(failed.value)
    return said


async def test_a_missing_bucket_is_told_with_the_way_to_make_it(s3: S3Server) -> None:
    for error in await _every_call(s3_bucket("nowhere", s3.access)):
        assert (error.code, error.message) == ("bucket_missing", "there is no bucket 's3://nowhere'")
        assert f"aws --endpoint-url {s3.endpoint} s3 mb s3://nowhere" in error.hint


async def test_a_missing_container_is_told_with_the_way_to_make_it(azurite: AzuriteServer) -> None:
    for error in await _every_call(azure_container("nowhere", azurite.access)):
        assert error.code == "bucket_missing"
        assert "az storage container create --account-name devstoreaccount1 --name nowhere" in error.hint


async def test_a_wrong_secret_is_told_with_the_key_and_where_it_came_from(s3: S3Server) -> None:
    access = replace(s3.access, secret_access_key="hunter2", origin="environment AWS_ACCESS_KEY_ID")
    for error in await _every_call(s3_bucket(s3.fresh(), access)):
        assert error.code == "blob_denied"
        assert "the access key millhand from environment AWS_ACCESS_KEY_ID" in error.message
        assert "hunter2" not in error.message
        assert error.__cause__ is None, "the client's dump is no reading"


async def test_a_wrong_key_of_azure_is_told(azurite: AzuriteServer) -> None:
    access = replace(azurite.access, key="aHVudGVyMg==", origin="environment AZURE_STORAGE_KEY")
    with pytest.raises(BlobFailed, match="the account key of devstoreaccount1 from environment") as failed:
        await azure_container(azurite.fresh(), access).put("a", b"x")
    assert failed.value.code == "blob_denied"


async def test_what_a_user_may_not_do_is_told(s3: S3Server) -> None:
    name = s3.fresh()
    await s3_bucket(name, s3.access).put("a", b"x")
    reader = s3_bucket(name, s3.reader)
    assert (await reader.read("a", max_bytes=1))[0] == b"x"
    with pytest.raises(BlobFailed, match="denied to the access key reader") as failed:
        await reader.put("a", b"y")
    assert failed.value.code == "blob_denied"


async def test_a_missing_object_ends_its_job(s3: S3Server) -> None:
    bucket = s3_bucket(s3.fresh(), s3.access)
    for call in (bucket.stat("a"), bucket.read("a", max_bytes=1), bucket.copy("a", "b")):
        with pytest.raises(BlobMissing, match="/a"):
            await call


async def test_a_server_that_is_not_there_costs_no_attempt(s3: S3Server) -> None:
    for endpoint, words in (("http://127.0.0.1:9", "refuses connections"), ("http://no.invalid", "no host")):
        with pytest.raises(BlobStoreDown, match=words) as failed:
            await s3_bucket("bucket", replace(s3.access, endpoint=endpoint)).put("a", b"x")
        outcome = outcome_of(failed.value)
        assert isinstance(outcome, Retry)
        assert not outcome.charged


async def test_a_server_that_says_nothing_is_given_up(own_s3: S3Server) -> None:
    bucket = s3_bucket(own_s3.fresh(), replace(own_s3.access, silence=0.3))
    with own_s3.frozen(), pytest.raises(BlobStoreDown, match="in time"):
        await bucket.put("a", b"x")
    await bucket.put("a", b"x")


@pytest.mark.timeout(180)
async def test_a_short_outage_is_outlasted(own_s3: S3Server) -> None:
    bucket = s3_bucket(own_s3.fresh(), own_s3.access)
    await bucket.put("a", b"x")
    own_s3.kill()
    reading = asyncio.create_task(bucket.read("a", max_bytes=1))
    await asyncio.to_thread(own_s3.start)
    await asyncio.wait([reading])

    async def what_was_confirmed_is_there() -> bool:
        with suppress(BlobStoreDown):  # on a busy machine its parts take long to find each other again
            return (await bucket.read("a", max_bytes=1))[0] == b"x"
        return False

    await poll_until(what_was_confirmed_is_there, within=90)


async def test_an_unknown_authority_is_told(s3: S3Server) -> None:
    name = s3.fresh()
    with pytest.raises(BlobFailed, match="not trusted") as failed:
        await s3_bucket(name, s3.secure_access).put("a", b"x")
    assert failed.value.code == "bad_certificate"
    assert "ca_file" in failed.value.hint
    await s3_bucket(name, replace(s3.secure_access, ca_file=AUTHORITY)).put("a", b"x")


async def test_an_object_that_is_larger_than_allowed_is_not_read(s3: S3Server) -> None:
    bucket = s3_bucket(s3.fresh(), s3.access)
    await bucket.put("a", b"12345")
    with pytest.raises(Permanent) as refused:
        await bucket.read("a", max_bytes=4)
    assert refused.value.code == "too_large"


def test_the_environment_adds_nothing_to_a_key_that_was_given(s3: S3Server) -> None:
    code = (
        "import asyncio, sys\nfrom millhand.stores import S3Access, s3_bucket\n"
        "access = S3Access(endpoint=sys.argv[1], access_key_id=sys.argv[2], secret_access_key=sys.argv[3])\n"
        "asyncio.run(s3_bucket(sys.argv[4], access).put('a', b'x'))\n"
    )
    access: S3Access = s3.access
    arguments = [access.endpoint, access.access_key_id, access.secret_access_key, s3.fresh()]
    environ = {"AWS_SESSION_TOKEN": "stray", "AWS_SECRET_ACCESS_KEY": "stray"}
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_a_process_ends_well_right_after_its_last_answer(s3: S3Server) -> None:
    code = (
        "import asyncio, sys\nfrom millhand.core.errors import BlobFailed\n"
        "from millhand.stores import S3Access, s3_bucket\n"
        "access = S3Access(endpoint='http://127.0.0.1:9', access_key_id='a', secret_access_key='b')\n"
        "bucket = s3_bucket('bucket', access)\n"
        "async def main():\n"
        "    call = bucket.read('a', max_bytes=1)\n"
        "    try:\n        await call\n    except BlobFailed:\n        pass\n"
        "asyncio.run(main())\n"
    )
    codes = {subprocess.run([sys.executable, "-c", code], check=False).returncode for _ in range(8)}
    assert codes == {0}
