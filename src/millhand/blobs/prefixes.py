"""The places in object stores that jobs may use: a bucket, or a folder of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from millhand.blobs.urls import memory_key, object_place, prefix_place, scheme_of
from millhand.core.errors import ConfigError, Permanent

OBJECT_SCHEMES = {"s3": "s3", "az": "az", "azure": "az"}
"""The schemes of object stores, and the name that we use for each."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """All objects of a bucket whose key begins with `folder/`, or all of them if it is empty."""

    scheme: str
    bucket: str
    folder: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `s3://bucket` or `s3://bucket/folder`; raises `ConfigError`."""
        hint = "Write it as s3://bucket or s3://bucket/folder; for Azure, az://container/folder."
        try:
            scheme = OBJECT_SCHEMES.get(scheme_of(text))
            bucket, folder = prefix_place(text)
        except Permanent as error:
            raise ConfigError(f"'{text}' names no place in an object store", hint=hint) from error
        if scheme is None:
            raise ConfigError(f"'{text}' names no place in an object store", hint=hint)
        return cls(scheme, bucket, folder)

    def holds(self, bucket: str, key: str) -> bool:
        """Whether a key belongs to this prefix: `in` holds `in/a`, but neither `in` nor `inner/a`."""
        return bucket == self.bucket and (not self.folder or key.startswith(f"{self.folder}/"))

    def __str__(self) -> str:
        folder = f"{self.folder}/" if self.folder else ""
        return f"{self.scheme}://{self.bucket}/{folder}"


class Prefixes:
    """The places of one kind of store that jobs may use."""

    def __init__(self, allowed: Iterable[Prefix], scheme: str) -> None:
        self._allowed = [prefix for prefix in allowed if prefix.scheme == scheme]

    def place(self, url: str) -> tuple[str, str]:
        """Bucket and key of an object; raises `Permanent` (code `blob_not_allowed`) for one outside the places."""
        bucket, key = object_place(url)
        self._check(url, bucket, key)
        return bucket, key

    def folder(self, url: str) -> tuple[str, str]:
        """Bucket and folder whose objects are to be listed; raises as `place` does."""
        bucket, folder = prefix_place(url)
        self._check(url, bucket, f"{folder}/")
        return bucket, folder

    def _check(self, url: str, bucket: str, key: str) -> None:
        if any(prefix.holds(bucket, key) for prefix in self._allowed):
            return
        known = ", ".join(str(prefix) for prefix in self._allowed) or "none"
        raise Permanent(
            f"'{url}' is outside the places in object stores that jobs may use ({known})",
            code="blob_not_allowed",
            hint="Move the object into one of them, or add its place to the setting `blobs.prefixes`.",
        )


class InMemory:
    """The rule of memory, which has no buckets, and which nobody else can reach."""

    def place(self, url: str) -> tuple[str, str]:
        """No bucket, and the key: host and path."""
        return "", memory_key(url)

    def folder(self, url: str) -> tuple[str, str]:
        """No bucket, and the folder."""
        return "", memory_key(url.rstrip("/"))
