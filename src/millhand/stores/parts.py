"""Large objects go in parts: the store shows nothing of one until all of it is there."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import obstore
from obstore.store import AzureStore, MemoryStore, S3Store

Store = S3Store | AzureStore | MemoryStore
"""The clients that a bucket can work with."""

MEDIA_TYPE = "Content-Type"
"""The attribute of an object that says what it is."""
PART = 8 * 1024 * 1024
"""What is larger is sent in parts of this size. S3 takes 10,000 of them, so this allows 78 GiB."""

_PARTS_AT_ONCE = 2


def first_part(pieces: Iterator[bytes]) -> bytes:
    """The first pieces in one, as many as make a part; all of them where they are fewer."""
    taken, size = list[bytes](), 0
    while size < PART and (piece := next(pieces, None)) is not None:
        taken.append(piece)
        size += len(piece)
    return b"".join(taken)


async def put_parts(store: Store, key: str, content: Iterator[bytes], media_type: str) -> str:
    """Write an object in parts from pieces, which are taken in a thread; returns its etag.

    If anything fails, or the caller is cancelled, the parts are thrown away. Raises as the client does.
    """
    pieces = _Stoppable(content)
    sending = asyncio.ensure_future(
        obstore.put_async(
            store,
            key,
            pieces,
            attributes={MEDIA_TYPE: media_type},
            chunk_size=PART,
            max_concurrency=_PARTS_AT_ONCE,
        )
    )
    try:
        return (await asyncio.shield(sending))["e_tag"] or ""
    except asyncio.CancelledError:
        # The client throws the parts away when its source fails, and forgets them when it is cancelled.
        pieces.stop()
        with suppress(Exception):  # nobody is left to hear how it ended
            await sending
        raise


class _Stoppable(Iterator[bytes]):
    """Pieces that can be made to fail, from another thread."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True

    def __next__(self) -> bytes:
        if self._stopped:
            raise InterruptedError
        return next(self._pieces)
