"""Blobs as values: what a URL holds, and what a job produced."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What is known of a blob: its size in bytes, and the SHA-256 of its content in hex where it was seen whole.

    `etag` changes with the content, where the store keeps one. `modified` is the store's own clock, an instant.
    """

    url: str
    size: int
    sha256: str | None = None
    media_type: str | None = None
    etag: str | None = None
    modified: int | None = None


@dataclass(frozen=True, slots=True)
class Artefact:
    """A blob that a job produced. `facts` holds what its kind knows of it, such as pages or the engine."""

    name: str
    url: str
    media_type: str
    size: int
    sha256: str
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
