"""Bounds for a document before an engine sees it."""

from dataclasses import dataclass

_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class PreflightLimits:
    """The largest document that is tried.

    `size` is the file's, `unpacked` that of all parts of a package, `parsed` how much XML is looked at, all in bytes.
    A part larger than `ratio_from` bytes that grows more than `ratio` times marks a bomb, as do more than `entries`
    parts.
    """

    size: int = 100 * _MEGABYTE
    unpacked: int = 1024 * _MEGABYTE
    parsed: int = 64 * _MEGABYTE
    ratio: float = 150.0
    ratio_from: int = 32 * _MEGABYTE
    entries: int = 20_000
