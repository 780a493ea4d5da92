"""Where the document server works: its bucket, and the names of what is in it."""

from millhand.app.content import store_access
from millhand.blobs import OBJECT_SCHEMES
from millhand.brokers.bucket import bucket_of, parse
from millhand.config import Settings
from millhand.core.errors import ConfigError
from millhand.stores import Bucket

HEARTBEAT = "docserver-heartbeat.json"
INPUTS, OUTPUTS = "to-convert", "converted"
_SILENCE = 20.0


def is_bucket(broker: str) -> bool:
    """Whether a broker's URL names a bucket."""
    return broker.partition(":")[0] in OBJECT_SCHEMES


def bucket_at(settings: Settings, via: str = "") -> Bucket:
    """The bucket that `via` names as s3://bucket/folder, or else the settings; raises `ConfigError`."""
    url = via or settings.broker
    if not is_bucket(url):
        raise ConfigError(
            "no bucket of a document server is named",
            hint="Set MINIO_ENDPOINT and MINIO_BUCKET, or name it as s3://bucket/folder.",
        )
    return bucket_of(parse(url), store_access(settings), _SILENCE)
