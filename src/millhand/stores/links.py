"""Links: URLs by which anyone may read or write one object for a while, without credentials."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal
from urllib.parse import quote, urlencode

import obstore
from obstore.store import AzureStore, S3Store

from millhand.core.clock import Clock, after, as_datetime
from millhand.core.errors import NotSupported
from millhand.stores.access import AzureAccess

Method = Literal["GET", "PUT"]
Linker = Callable[[str, float, Method], Awaitable[str]]
"""Given a key, seconds, and what the link is for: makes the URL."""

_VERSION = "2021-08-06"
_MAY = {"GET": "r", "PUT": "cw"}


def by_client(store: S3Store | AzureStore) -> Linker:
    """Links that the client signs."""

    async def sign(key: str, seconds: float, method: Method) -> str:
        return await obstore.sign_async(store, method, key, timedelta(seconds=seconds))

    return sign


def by_identity(store: AzureStore) -> Linker:
    """Links to Azure that the client signs for an identity; for plain names, as it signs others wrongly (0.12)."""
    sign = by_client(store)

    async def sign_plain(key: str, seconds: float, method: Method) -> str:
        if quote(key) != key:
            raise NotSupported(
                f"there are no links to '{key}' without the storage account's key",
                hint="Set blobs.azure.key, or give the blob a name of letters, digits, dots, dashes and slashes.",
            )
        return await sign(key, seconds, method)

    return sign_plain


def by_account_key(place: str, access: AzureAccess, clock: Clock) -> Linker:
    """Links to Azure that are signed with the account's key: a service SAS (Microsoft, "Create a service SAS").

    `place` is the container, or a folder of it.
    """
    endpoint = access.endpoint.rstrip("/") or f"https://{access.account}.blob.core.windows.net"

    async def sign(key: str, seconds: float, method: Method) -> str:
        until = as_datetime(after(clock.now(), seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = [
            *(_MAY[method], "", until, f"/blob/{access.account}/{place}/{key}"),
            *("", "", "", _VERSION, "b"),  # no policy, address or protocol; a version; one blob
            *[""] * 7,  # no snapshot, no encryption scope, no headers to answer with
        ]
        digest = hmac.digest(base64.b64decode(access.key), "\n".join(lines).encode(), hashlib.sha256)
        query = {
            "sv": _VERSION,
            "sr": "b",
            "sp": _MAY[method],
            "se": until,
            "sig": base64.b64encode(digest).decode(),
        }
        return f"{endpoint}/{quote(f'{place}/{key}')}?{urlencode(query)}"

    return sign


def nowhere(reason: str) -> Linker:
    """No links at all; `reason` says why."""

    async def refuse(key: str, _seconds: float, _method: Method) -> str:
        raise NotSupported(f"there are no links to '{key}': {reason}")

    return refuse
