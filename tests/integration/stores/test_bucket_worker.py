"""A worker whose jobs are files in a real S3 bucket: what another client puts is converted, bad files are told."""

import json
import os
import signal
from pathlib import Path

import pytest

from millhand.demo import samples
from millhand.testing.s3 import S3Server
from tests.integration.stores.conftest import Client, Mill
from tests.support import needs_soffice, wait_until


@pytest.fixture
def mill(tmp_path: Path, s3: S3Server, bucket: str) -> Mill:
    """Workers in folders of their own, on one bucket."""
    route = "route=to-convert/{id}.odt->document.convert->converted/{id}.pdf"
    variables = {
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_ACCESS_KEY_ID": s3.access.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.access.secret_access_key,
        "MILLHAND_BROKER": f"s3://{bucket}/office?{route}",
        "MILLHAND_WORKER__LEASE": "3s",
    }
    return Mill(tmp_path, variables)


def keys(client: Client, bucket: str) -> set[str]:
    found = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {each["Key"] for each in found if not each["Key"].startswith("office/.millhand/")}


@needs_soffice
def test_files_become_documents_and_bad_ones_are_told(mill: Mill, client: Client, bucket: str) -> None:
    document = next(sample for sample in samples() if sample.name == "minutes.odt").read_bytes()
    one = mill.within("one")
    with one.worker():
        for number in range(3):
            client.put_object(Bucket=bucket, Key=f"office/to-convert/{number}.odt", Body=document)
        client.put_object(Bucket=bucket, Key="office/to-convert/junk.odt", Body=b"this is no document")
        client.put_object(Bucket=bucket, Key="office/to-convert/~$0.odt", Body=b"a lock")
        made = {f"office/converted/{number}.pdf" for number in range(3)}
        failed = {"office/failed/to-convert/junk.odt", "office/failed/to-convert/junk.odt.json"}
        left = {"office/to-convert/~$0.odt"}
        wait_until(lambda: keys(client, bucket) == made | failed | left, within=90, what="all files have ended")
        listed = one.run("jobs", "list", "--json")
    assert all(client.get_object(Bucket=bucket, Key=key)["Body"].read().startswith(b"%PDF-") for key in made)
    reason = json.loads(client.get_object(Bucket=bucket, Key="office/failed/to-convert/junk.odt.json")["Body"].read())
    assert reason["state"] == "discarded"
    assert reason["message"]
    states = {row["id"]: row["state"] for row in map(json.loads, listed.stdout.splitlines())}
    assert states == {
        **{f"to-convert/{number}.odt": "completed" for number in range(3)},
        "to-convert/junk.odt": "discarded",
    }


@needs_soffice
def test_the_file_of_a_killed_worker_is_taken_over(mill: Mill, client: Client, bucket: str) -> None:
    document = next(sample for sample in samples() if sample.name == "minutes.odt").read_bytes()
    with mill.within("victim").worker() as victim:
        for number in range(6):
            client.put_object(Bucket=bucket, Key=f"office/to-convert/{number}.odt", Body=document)
        wait_until(lambda: "office/converted" in " ".join(keys(client, bucket)), within=60, what="it works")
        os.killpg(victim.pid, signal.SIGKILL)
    with mill.within("heir").worker():
        made = {f"office/converted/{number}.pdf" for number in range(6)}
        wait_until(lambda: keys(client, bucket) == made, within=60, what="the other one has done the rest")
    assert client.list_objects_v2(Bucket=bucket, Prefix="office/.millhand/notes/").get("Contents", []) == []


def test_a_client_sees_the_jobs_of_the_bucket(mill: Mill, client: Client, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="office/to-convert/a.odt", Body=b"x")
    stood = mill.run("queues", "list", "--json")
    rows = [json.loads(line) for line in stood.stdout.splitlines()]
    assert [(row["stats"]["queue"], row["stats"]["available"]) for row in rows] == [("to-convert", 1)], stood.stderr
    assert mill.run("jobs", "cancel", "to-convert/a.odt").returncode == 0
    assert keys(client, bucket) == {"office/failed/to-convert/a.odt", "office/failed/to-convert/a.odt.json"}


def test_a_missing_bucket_is_told(mill: Mill) -> None:
    mill.variables["MILLHAND_BROKER"] = "s3://nowhere"
    ended = mill.run("worker")
    assert ended.returncode != 0
    assert "there is no bucket 's3://nowhere'" in ended.stderr
    assert "s3 mb s3://nowhere" in ended.stderr
