"""What a store knows of an object."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """One object as it was at one moment.

    `etag` changes with the content; `modified` is the store's own clock, in microseconds since the epoch. A listing
    tells no media type.
    """

    key: str
    size: int
    etag: str
    modified: int
    media_type: str | None = None

    def at(self, key: str) -> Self:
        """The same object under another key."""
        return replace(self, key=key)
