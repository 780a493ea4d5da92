"""A worker whose jobs are files in a real S3 bucket: what another client puts is converted, bad files are told."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import pytest

from millhand.demo import samples
from millhand.testing.s3 import S3Server
from tests.support import needs_soffice, wait_until

Client: TypeAlias = Any
"""A client of boto3, which makes their types while it runs."""


class Mill:
    """Workers in folders of their own, on one bucket."""

    def __init__(self, folder: Path, s3: S3Server, bucket: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MILLHAND_", "AWS_"))}
        self.folder = folder
        self.environ = {
            **kept,
            "AWS_ENDPOINT_URL": s3.endpoint,
            "AWS_ACCESS_KEY_ID": s3.access.access_key_id,
            "AWS_SECRET_ACCESS_KEY": s3.access.secret_access_key,
            "MILLHAND_BROKER": f"s3://{bucket}/office?route=to-convert/{{id}}.odt->document.convert->converted/{{id}}.pdf",
            "MILLHAND_HTTP__PORT": "0",
            "MILLHAND_WORKER__LEASE": "3s",
        }

    @contextmanager
    def worker(self, name: str) -> Iterator[subprocess.Popen[str]]:
        """A worker that runs during the block."""
        (self.folder / name).mkdir()
        command = [sys.executable, "-m", "millhand", "worker", "--executors", "1"]
        process = subprocess.Popen(
            command, cwd=self.folder / name, env=self.environ, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        with process:
            try:
                assert process.stderr is not None
                said = next((line for line in process.stderr if "Ctrl-C" in line), "")
                assert said, "it ended"
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                process.communicate(timeout=60)

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command in the folder of a worker."""
        return subprocess.run(
            [sys.executable, "-m", "millhand", *arguments],
            cwd=self.folder / name,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.fresh()


@pytest.fixture
def mill(tmp_path: Path, s3: S3Server, bucket: str) -> Mill:
    return Mill(tmp_path, s3, bucket)


@pytest.fixture
def client(s3: S3Server) -> Client:
    access = s3.access
    return boto3.client(
        "s3",
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
    )


def keys(client: Client, bucket: str) -> set[str]:
    found = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {each["Key"] for each in found if not each["Key"].startswith("office/.millhand/")}


@needs_soffice
def test_files_become_documents_and_bad_ones_are_told(mill: Mill, client: Client, bucket: str) -> None:
    document = next(sample for sample in samples() if sample.name == "minutes.odt").read_bytes()
    with mill.worker("one"):
        for number in range(3):
            client.put_object(Bucket=bucket, Key=f"office/to-convert/{number}.odt", Body=document)
        client.put_object(Bucket=bucket, Key="office/to-convert/junk.odt", Body=b"this is no document")
        client.put_object(Bucket=bucket, Key="office/to-convert/~$0.odt", Body=b"a lock")
        made = {f"office/converted/{number}.pdf" for number in range(3)}
        failed = {"office/failed/to-convert/junk.odt", "office/failed/to-convert/junk.odt.json"}
        left = {"office/to-convert/~$0.odt"}
        wait_until(lambda: keys(client, bucket) == made | failed | left, within=90, what="all files have ended")
        listed = mill.run("one", "jobs", "list", "--json")
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
    with mill.worker("victim") as victim:
        for number in range(6):
            client.put_object(Bucket=bucket, Key=f"office/to-convert/{number}.odt", Body=document)
        wait_until(lambda: "office/converted" in " ".join(keys(client, bucket)), within=60, what="it works")
        os.killpg(victim.pid, signal.SIGKILL)
    with mill.worker("heir"):
        made = {f"office/converted/{number}.pdf" for number in range(6)}
        wait_until(lambda: keys(client, bucket) == made, within=60, what="the other one has done the rest")
    assert client.list_objects_v2(Bucket=bucket, Prefix="office/.millhand/notes/").get("Contents", []) == []


def test_a_client_sees_the_jobs_of_the_bucket(mill: Mill, client: Client, bucket: str) -> None:
    (mill.folder / "client").mkdir()
    client.put_object(Bucket=bucket, Key="office/to-convert/a.odt", Body=b"x")
    stood = mill.run("client", "queues", "list", "--json")
    rows = [json.loads(line) for line in stood.stdout.splitlines()]
    assert [(row["stats"]["queue"], row["stats"]["available"]) for row in rows] == [("to-convert", 1)], stood.stderr
    assert mill.run("client", "jobs", "cancel", "to-convert/a.odt").returncode == 0
    assert keys(client, bucket) == {"office/failed/to-convert/a.odt", "office/failed/to-convert/a.odt.json"}


def test_a_missing_bucket_is_told(mill: Mill) -> None:
    (mill.folder / "client").mkdir()
    mill.environ["MILLHAND_BROKER"] = "s3://nowhere"
    ended = mill.run("client", "worker")
    assert ended.returncode != 0
    assert "there is no bucket 's3://nowhere'" in ended.stderr
    assert "s3 mb s3://nowhere" in ended.stderr
