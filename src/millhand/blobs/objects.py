"""Blobs in object stores: the border to obstore, where its exceptions become ours."""

from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import contextmanager

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import MemoryStore, ObjectStore

from millhand.blobs.driver import CHUNK
from millhand.blobs.urls import bad_url, object_key
from millhand.core.artefact import BlobInfo
from millhand.core.errors import BlobFailed, BlobMissing, MillhandError

_MEDIA_TYPE = "Content-Type"


class ObjectDriver:
    """Reads and writes the objects of one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def stat(self, url: str) -> BlobInfo:
        """Size and stored media type."""
        key = object_key(url)
        with _object_errors(url):
            found = await obstore.get_async(self._store, key, options={"head": True})
        return BlobInfo(url, found.meta["size"], media_type=found.attributes.get(_MEDIA_TYPE))

    async def read(self, url: str) -> AsyncGenerator[bytes]:
        """The content of the object as it was when reading began."""
        key = object_key(url)
        with _object_errors(url):
            found = await obstore.get_async(self._store, key)
            async for piece in found.stream(min_chunk_size=CHUNK):
                view = memoryview(piece)
                for start in range(0, len(view), CHUNK):
                    yield bytes(view[start : start + CHUNK])

    async def write(self, url: str, content: Iterable[bytes], media_type: str) -> None:
        """Put the object; a store shows it only when all of it is there."""
        key = object_key(url)
        with _object_errors(url):
            attributes = {_MEDIA_TYPE: media_type}
            await obstore.put_async(self._store, key, iter(content), attributes=attributes, max_concurrency=2)

    async def delete(self, url: str) -> None:
        """Remove the object."""
        key = object_key(url)
        with _object_errors(url):
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                return


def memory_driver() -> ObjectDriver:
    """Objects in this process's memory: for tests, and gone with it."""
    return ObjectDriver(MemoryStore())


@contextmanager
def _object_errors(url: str) -> Generator[None]:
    try:
        yield
    except MillhandError:  # from our own content iterator
        raise
    except FileNotFoundError as error:
        raise BlobMissing(f"there is no object at '{url}'") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise BlobFailed(
            f"permission denied for '{url}'",
            hint="Check the credentials that the worker was given for this store.",
        ) from error
    except ValueError as error:
        raise bad_url(url, _first_line(error)) from error
    except (BaseError, OSError) as error:
        raise BlobFailed(f"'{url}' could not be read or written: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """Without the debug dump that obstore appends."""
    return str(error).partition("\n")[0]
