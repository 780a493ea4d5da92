"""A broker on a bucket: files that others put into a folder of S3, MinIO or Azure Blob are jobs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from millhand.brokers.bucket.place import Place, parse
from millhand.stores import Bucket, StoreAccess, azure_container, s3_bucket

if TYPE_CHECKING:
    from millhand.brokers.bucket.broker import BucketBroker
    from millhand.database import Database

__all__ = ["Place", "bucket_of", "connect", "parse"]

_MOST_SILENCE = 20.0


def connect(
    url: str, *, database: "Database", worker: str, queues: Sequence[str], lease: float, stores: StoreAccess
) -> "BucketBroker":
    """Make the broker on the folder that the URL names.

    The ledger's database keeps the leases where the store can't be trusted with them.
    """
    # Who only asks what a URL means starts quicker without the broker.
    from millhand.brokers.bucket.broker import BucketBroker  # noqa: PLC0415
    from millhand.brokers.bucket.claim import Owner  # noqa: PLC0415
    from millhand.brokers.bucket.keeping import chooser  # noqa: PLC0415
    from millhand.brokers.bucket.store_time import BucketTime  # noqa: PLC0415

    place = parse(url)
    # A store that says nothing must not keep a lease from being renewed, or from being known as lost.
    bucket = bucket_of(place, stores, min(_MOST_SILENCE, lease / 2))
    clock = database.clock
    return BucketBroker(
        bucket,
        place,
        choose_notes=chooser(database, place, clock),
        time=BucketTime(bucket, clock),
        clock=clock,
        queues=queues,
        owner=Owner(worker=worker, lease=lease),
    )


def bucket_of(place: Place, stores: StoreAccess, silence: float) -> Bucket:
    """The client of a place, by which the store may say nothing for so many seconds."""
    if place.scheme == "az":
        return azure_container(place.bucket, replace(stores.azure, silence=silence), place.folder)
    return s3_bucket(place.bucket, replace(stores.s3, silence=silence), place.folder)
