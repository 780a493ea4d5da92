"""Make the client of one bucket: its endpoint, its credentials, its time-outs."""

import atexit
import time
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from obstore.store import AzureStore, MemoryStore, S3Store

from millhand.core.clock import SystemClock
from millhand.core.errors import ConfigError
from millhand.stores.access import AzureAccess, S3Access
from millhand.stores.bucket import Bucket
from millhand.stores.errors import Words
from millhand.stores.links import Linker, by_account_key, by_client, by_identity, nowhere

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore.store import AzureConfig, ClientConfig, RetryConfig, S3Config, S3Credential

_CONNECT = "5s"
_WHOLE = "6h"
"""The client's own limit for a whole transfer is 30 s, which a large object on a slow line outlasts."""
_RETRIES = 3
_LAST_BREATH = 0.02


def s3_bucket(name: str, access: S3Access, folder: str = "") -> Bucket:
    """The S3 bucket of that name, or a folder of it; nothing is asked of the server yet. Raises `ConfigError`."""
    endpoint = f"--endpoint-url {access.endpoint} " if access.endpoint else ""
    words = Words(
        url=f"s3://{name}/{folder}".rstrip("/"),
        place=f"s3://{name}",
        credentials=access.credentials,
        make=f"aws {endpoint}s3 mb s3://{name}",
        region="blobs.s3.region",
    )
    config: S3Config = {
        "region": access.region,
        "virtual_hosted_style_request": not access.path_style,
        "skip_signature": access.anonymous,
    }
    if access.endpoint:
        config["endpoint"] = access.endpoint if access.path_style else _host_of(name, access.endpoint)
    _let_threads_end()
    store = S3Store(
        name,
        prefix=folder or None,
        config=config,
        client_options=_client(access),
        retry_config=_retries(),
        credential_provider=_keys(access) if access.access_key_id and not access.anonymous else None,
    )
    return Bucket(store, words, nowhere("access is anonymous") if access.anonymous else by_client(store))


def azure_container(name: str, access: AzureAccess, folder: str = "") -> Bucket:
    """The Azure container of that name, or a folder of it; nothing is asked of the server yet. Raises `ConfigError`."""
    if not access.account:
        raise ConfigError(
            f"no storage account is set for az://{name}",
            hint="Set blobs.azure.account or blobs.azure.connection_string (AZURE_STORAGE_CONNECTION_STRING).",
        )
    words = Words(
        url=f"az://{name}/{folder}".rstrip("/"),
        place=f"az://{name}",
        noun="container",
        credentials=access.credentials,
        make=f"az storage container create --account-name {access.account} --name {name}",
    )
    config: AzureConfig = {"account_name": access.account}
    if access.key:
        config["account_key"] = access.key
    elif access.sas_token:
        config["sas_key"] = access.sas_token
    if access.endpoint:
        config["endpoint"] = access.endpoint
    _let_threads_end()
    store = AzureStore(
        name,
        prefix=folder or None,
        config=config,
        client_options=_client(access),
        retry_config=_retries(),
    )
    return Bucket(store, words, _azure_linker(f"{name}/{folder}".rstrip("/"), access, store))


def memory_bucket() -> Bucket:
    """Objects in this process's memory: for tests, and gone with it."""
    _let_threads_end()
    return Bucket(MemoryStore(), Words(url="memory:/", place="memory:/"), nowhere("it is in memory"))


def _azure_linker(place: str, access: AzureAccess, store: AzureStore) -> Linker:
    if access.key:
        return by_account_key(place, access, SystemClock())
    if access.sas_token:
        return nowhere("a shared access signature can't sign another one")
    return by_identity(store)


def _keys(access: S3Access) -> "Callable[[], S3Credential]":
    """Hand out this key alone: given as settings, it would be joined with a session token from the environment."""

    def provide() -> "S3Credential":
        return {
            "access_key_id": access.access_key_id,
            "secret_access_key": access.secret_access_key,
            "token": access.session_token or None,
            "expires_at": None,
        }

    return provide


def _client(access: S3Access | AzureAccess) -> "ClientConfig":
    options: ClientConfig = {
        "allow_http": access.endpoint.startswith("http://"),
        "connect_timeout": _CONNECT,
        "read_timeout": timedelta(seconds=access.silence),
        "timeout": _WHOLE,
    }
    if access.ca_file is not None:
        options["root_certificate"] = _certificates(access.ca_file)
    return options


def _certificates(path: Path) -> bytes:
    try:
        content = path.expanduser().read_bytes()
    except OSError as error:
        raise ConfigError(f"the certificates in {path} can't be read: {error.strerror}") from error
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise ConfigError(f"{path} holds no certificate", hint="It must be PEM text: -----BEGIN CERTIFICATE-----.")
    return content


def _retries() -> "RetryConfig":
    return {"max_retries": _RETRIES}


def _host_of(bucket: str, endpoint: str) -> str:
    """The endpoint with the bucket as the first part of the host's name."""
    parts = urlsplit(endpoint)
    return urlunsplit(parts._replace(netloc=f"{bucket}.{parts.netloc}"))


@cache
def _let_threads_end() -> None:
    """Leave the client's threads a moment before the interpreter ends.

    After an answer they still let go of Python objects. A thread that wants the interpreter while it ends is ended
    itself (up to Python 3.13), which aborts the whole process with SIGABRT in place of its exit code
    (PyO3/pyo3-async-runtimes#40).
    """
    atexit.register(time.sleep, _LAST_BREATH)
