"""The head of an HTTP/1.1 message, as a proxy must read and rewrite it (RFC 9112, RFC 9110 section 7.6.1)."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

_END = b"\r\n\r\n"
_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"upgrade"})


class HeadTooLong(Exception):
    """The peer sends a head without end."""


@dataclass(frozen=True)
class Head:
    """A start line and header lines, without line ends."""

    start: bytes
    lines: tuple[bytes, ...]

    @property
    def words(self) -> list[str]:
        """The words of the start line."""
        return self.start.decode("latin-1").split(" ", 2)

    @property
    def is_interim(self) -> bool:
        """Whether it is an answer such as `100 Continue`, after which the real one comes."""
        return self.start[9:10] == b"1"

    def for_origin(self) -> bytes:
        """A request as the origin server wants it: with a path instead of a URL, and no second one after it."""
        method, target, version = self.words
        parts = urlsplit(target)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        return self._written(f"{method} {path} {version}".encode("latin-1"))

    def for_client(self) -> bytes:
        """An answer, after which the connection ends."""
        return self._written(self.start)

    def _written(self, start: bytes) -> bytes:
        kept = [line for line in self.lines if line.partition(b":")[0].strip().lower() not in _HOP_BY_HOP]
        return b"\r\n".join([start, *kept, b"Connection: close"]) + _END


async def read_head(reader: asyncio.StreamReader) -> Head:
    """The next head; raises `HeadTooLong`, or `IncompleteReadError` where the peer ends before it does."""
    try:
        block = await reader.readuntil(_END)
    except asyncio.LimitOverrunError as error:
        raise HeadTooLong from error
    start, *lines = block.removesuffix(_END).split(b"\r\n")
    return Head(start, tuple(lines))
