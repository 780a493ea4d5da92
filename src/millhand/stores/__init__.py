"""Object stores: S3 and what speaks like it, Azure Blob, memory; the only place that knows their client, obstore."""

from millhand.stores.access import AzureAccess, S3Access, StoreAccess
from millhand.stores.bucket import Bucket, Opened
from millhand.stores.clients import azure_container, memory_bucket, s3_bucket
from millhand.stores.connection_string import parse_connection_string
from millhand.stores.facts import ObjectFacts
from millhand.stores.keys import check_key, key_fault

__all__ = [
    "AzureAccess",
    "Bucket",
    "ObjectFacts",
    "Opened",
    "S3Access",
    "StoreAccess",
    "azure_container",
    "check_key",
    "key_fault",
    "memory_bucket",
    "parse_connection_string",
    "s3_bucket",
]
