"""From settings to the blob store: what jobs may use, and how it is reached."""

from dataclasses import replace
from pathlib import Path

from millhand.blobs import OBJECT_SCHEMES, BlobStore, ObjectAccess, Prefix
from millhand.config import Settings
from millhand.stores import AzureAccess, S3Access, StoreAccess, parse_connection_string


def blob_store(settings: Settings) -> BlobStore:
    """Content by URL, within the folders and places that the settings allow; raises `ConfigError`."""
    return BlobStore(roots=settings.all_blob_roots, objects=object_access(settings))


def object_access(settings: Settings) -> ObjectAccess:
    """The places in object stores that jobs may use, and how the stores are reached; raises `ConfigError`.

    A bucket from which jobs come is one of the places: its files are what they are about.
    """
    places = [*settings.blobs.prefixes, *_place_of(settings.broker)]
    access = store_access(settings)
    return ObjectAccess(prefixes=tuple(map(Prefix.parse, places)), s3=access.s3, azure=access.azure)


def store_access(settings: Settings) -> StoreAccess:
    """How object stores are reached; raises `ConfigError`."""
    return StoreAccess(s3_access(settings), azure_access(settings))


def _place_of(broker: str) -> list[str]:
    """The bucket or folder that a broker's URL names, if it names one."""
    return [broker.partition("?")[0]] if broker.partition(":")[0] in OBJECT_SCHEMES else []


def s3_access(settings: Settings) -> S3Access:
    """How S3 is reached."""
    told = settings.blobs.s3
    return S3Access(
        endpoint=told.endpoint,
        region=told.region,
        access_key_id=told.access_key_id,
        secret_access_key=told.secret_access_key.get_secret_value(),
        session_token=told.session_token.get_secret_value(),
        origin=settings.origin("blobs.s3.access_key_id"),
        path_style=told.path_style,
        anonymous=told.anonymous,
        ca_file=_path(told.ca_file),
    )


def azure_access(settings: Settings) -> AzureAccess:
    """How Azure Blob Storage is reached; raises `ConfigError` for a bad connection string."""
    told = settings.blobs.azure
    text = told.connection_string.get_secret_value()
    base = parse_connection_string(text) if text else AzureAccess()
    own_key = bool(told.key.get_secret_value() or told.sas_token.get_secret_value())
    source = "key" if told.key.get_secret_value() else "sas_token" if own_key else "connection_string"
    return replace(
        base,
        endpoint=told.endpoint or base.endpoint,
        account=told.account or base.account,
        key=told.key.get_secret_value() if own_key else base.key,
        sas_token=told.sas_token.get_secret_value() if own_key else base.sas_token,
        origin=settings.origin(f"blobs.azure.{source}"),
        ca_file=_path(told.ca_file),
    )


def _path(text: str) -> Path | None:
    return Path(text) if text else None
