"""The broker contract, on a bucket of a real S3 server."""

from collections.abc import Iterator

import pytest

from millhand.brokers.bucket import Place
from millhand.stores import StoreAccess
from millhand.testing.contract.broker import BrokerContract
from millhand.testing.contract.bucket import BucketHarness, Gate
from millhand.testing.s3 import S3Server


class TestBucket(BrokerContract):
    """All clauses that apply."""

    @pytest.fixture
    def harness(self, s3: S3Server) -> Iterator[BucketHarness]:
        with Gate(s3.ports["s3"]) as gate:
            yield BucketHarness(Place(scheme="s3", bucket=s3.fresh(), folder="mill"), StoreAccess(s3=s3.access), gate)
