"""Put jobs of our own into the bucket."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from millhand.brokers.bucket.envelope import MAX_PAYLOAD, wrap
from millhand.brokers.bucket.together import together
from millhand.core.errors import BlobFailed, PayloadTooLarge
from millhand.core.job import NewJob, Sent
from millhand.stores import Bucket

_LONGEST_CHARACTER = 4
_JSON = "application/json"


def check_sizes(jobs: Sequence[NewJob]) -> None:
    """Refuse arguments that are too large; raises `PayloadTooLarge`."""
    for job in jobs:
        if len(job.args) * _LONGEST_CHARACTER > MAX_PAYLOAD and len(job.args.encode()) > MAX_PAYLOAD:
            raise PayloadTooLarge(f"the arguments of job {job.id} ({job.kind}) have more than {MAX_PAYLOAD:,} bytes")


async def send(bucket: Bucket, jobs: Sequence[NewJob], key_of: Callable[[NewJob], str]) -> list[Sent]:
    """Store jobs, all or none; one whose id is there is stored already."""
    keys = [key_of(job) for job in jobs]
    try:
        await together([bucket.create(key, wrap(job), _JSON) for key, job in zip(keys, jobs, strict=True)])
    except BlobFailed:
        with suppress(BlobFailed):
            await together([bucket.delete(key) for key in keys])
        raise
    return [Sent(job.id) for job in jobs]
