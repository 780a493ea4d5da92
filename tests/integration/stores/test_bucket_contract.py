"""`millhand contract s3://…` holds a store to the contract, in a folder of its own that is gone afterwards."""

import asyncio
import json

import pytest

from millhand.cli.main import main
from millhand.stores import s3_bucket
from millhand.testing.s3 import S3Server


@pytest.fixture
def bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.access.secret_access_key)
    return s3.fresh()


def test_clauses_are_tried_beside_what_is_there(s3: S3Server, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ["--clause", "B01", "--clause", "B32", "--clause", "B95"]
    assert main(["contract", f"s3://{bucket}/office", *wanted, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    verdicts = {(row["clause"], row["verdict"]) for row in rows}
    assert verdicts == {("B01", "passed"), ("B32", "passed"), ("B95", "not applicable")}
    assert _keys(s3, bucket) == []


def _keys(s3: S3Server, bucket: str) -> list[str]:
    async def look() -> list[str]:
        return [facts.key async for page in s3_bucket(bucket, s3.access).pages() for facts in page]

    return asyncio.run(look())


def test_a_missing_bucket_is_said(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", f"s3://{bucket}-none", "--clause", "B01"]) != 0
    assert f"there is no bucket 's3://{bucket}-none'" in "".join(capsys.readouterr())
