"""Where content may be kept beside local folders: the places in object stores, and how the stores are reached."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from millhand.config.group import Group
from millhand.config.units import Texts, Unit

_PLACE = re.compile(r"(s3|az|azure)://[^/@:?#\s]+(/[^?#]*)?")
_ENDPOINT = re.compile(r"https?://[^/@?#\s]+(/[^?#\s]*)?")


def _places(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _PLACE.fullmatch(value):
            raise ValueError(f"'{value}' is no place in an object store; write s3://bucket/folder or az://container")
    return values


def _endpoint(value: str) -> str:
    if value and not _ENDPOINT.fullmatch(value):
        raise ValueError(f"'{value}' is no URL of a server; write https://host or http://host:port")
    return value.rstrip("/")


def _connection_string(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().lower()
    if text and not any(f"{name}=" in text for name in ("accountname", "blobendpoint", "usedevelopmentstorage")):
        raise ValueError("it is no connection string of Azure, such as AccountName=…;AccountKey=…")
    return value


Places = Annotated[Texts, AfterValidator(_places), Unit("list of text")]
Endpoint = Annotated[str, AfterValidator(_endpoint)]

_NO_SECRET = SecretStr("")


class S3Settings(Group):
    """S3, MinIO, and what speaks like them."""

    endpoint: Endpoint = Field(
        default="",
        description="URL of the server, such as https://minio.example.com:9000; http:// goes without TLS. Empty means "
        "Amazon's own.",
    )
    region: str = Field(default="us-east-1", min_length=1, description="The region that requests are signed for.")
    access_key_id: str = Field(
        default="", description="The access key; empty means the web identity or role that this machine has."
    )
    secret_access_key: SecretStr = Field(default=_NO_SECRET, description="The secret of the access key.")
    session_token: SecretStr = Field(
        default=_NO_SECRET, description="The token of a temporary access key; it counts only with a key from its place."
    )
    path_style: bool = Field(
        default=True,
        description="Name buckets in the path of requests, which every server takes; false: in the host's name.",
    )
    anonymous: bool = Field(default=False, description="Send requests without any signature, for public buckets.")
    ca_file: str = Field(
        default="", description="Certificates (PEM) to know the server by, beside those of the system."
    )


class AzureSettings(Group):
    """Azure Blob Storage."""

    connection_string: Annotated[SecretStr, AfterValidator(_connection_string)] = Field(
        default=_NO_SECRET,
        description="Account, key and endpoint in one, as the portal shows them; the others win over its parts.",
    )
    account: str = Field(default="", description="The storage account.")
    key: SecretStr = Field(
        default=_NO_SECRET, description="The account's key; without key and token, this machine's identity is used."
    )
    sas_token: SecretStr = Field(default=_NO_SECRET, description="A shared access signature, instead of the key.")
    endpoint: Endpoint = Field(
        default="", description="URL of the server with the account; empty means https://ACCOUNT.blob.core.windows.net."
    )
    ca_file: str = Field(
        default="", description="Certificates (PEM) to know the server by, beside those of the system."
    )


class BlobSettings(Group):
    """Content in object stores."""

    prefixes: Places = Field(
        default=(),
        description="Places in object stores that jobs may read and write, such as s3://bucket/folder; empty means "
        "none.",
    )
    s3: S3Settings = S3Settings()
    azure: AzureSettings = AzureSettings()
