"""Blobs in local folders, by the operating system's own calls: obstore's local store offers no fsync."""

import asyncio
import errno
import mimetypes
import os
import stat
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from millhand.blobs.driver import CHUNK, Method, OpenBlob
from millhand.blobs.replace import create_file, files_below, make_folders, replace_file
from millhand.blobs.urls import bad_url, path_of, url_of
from millhand.core.artefact import BlobInfo
from millhand.core.errors import BlobFailed, BlobMissing, BlobStoreDown, NotSupported, Permanent

T = TypeVar("T")

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DENIED = frozenset({errno.EACCES, errno.EPERM})
_DOWN = frozenset({errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE})
_BAD_NAME = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP})
_OPEN_TO_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


class FileDriver:
    """Reads and writes `file://` URLs inside the allowed folders and nowhere else."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(root.expanduser().resolve() for root in roots)

    async def stat(self, url: str) -> BlobInfo:
        """Size and media type, the type by the name's suffix."""
        return await asyncio.to_thread(self._stat, url)

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[OpenBlob]:
        """The content as it was when reading began, even if it is replaced meanwhile."""
        file = await opened(lambda: self._open(url))
        try:
            info = _info(url, path_of(url).name, os.fstat(file.fileno()))
            yield OpenBlob(info, _pieces(file, url))
        finally:
            # In a thread: the file's own lock makes it wait for a read that a cancelled caller left behind.
            await to_the_end(file.close)

    async def write(self, url: str, content: Iterable[bytes], media_type: str) -> None:  # noqa: ARG002 - a file has none
        """Replace the file at once, durably: when this returns, a power cut can't undo it."""
        await asyncio.to_thread(self._write, url, lambda path: replace_file(path, content))

    async def create(self, url: str, content: bytes, media_type: str) -> BlobInfo | None:
        """Make the file, durably, if there is none."""
        made = await asyncio.to_thread(self._write, url, lambda path: create_file(path, [content]))
        return BlobInfo(url, len(content), media_type=media_type) if made else None

    async def replace(self, url: str, content: bytes, etag: str, media_type: str) -> BlobInfo | None:  # noqa: ARG002
        """Not for files: nothing tells atomically whether one has changed."""
        raise NotSupported(f"'{url}' is a file, and files have no etags", hint="Use an object store.")

    async def delete(self, url: str) -> None:
        """Remove the file."""
        await asyncio.to_thread(self._delete, url)

    async def walk(self, url: str) -> AsyncGenerator[BlobInfo]:
        """Every file below a folder, without links and what is still being written."""
        folder = self._inside(url, _real(url.rstrip("/")))
        for path in await asyncio.to_thread(files_below, folder):
            if info := await asyncio.to_thread(_info_if_there, path):
                yield info

    async def link(self, url: str, seconds: float, method: Method) -> str:  # noqa: ARG002 - of no use here
        """Not for files: they are reached by paths alone."""
        raise NotSupported(f"'{url}' is a file, and files have no links", hint="Use an object store.")

    def _stat(self, url: str) -> BlobInfo:
        path = self._allowed(url)
        with file_errors(url):
            facts = path.stat()
        _require_file(facts, url)
        return _info(url, path.name, facts)

    def _open(self, url: str) -> BinaryIO:
        path = self._allowed(url)
        with file_errors(url):
            descriptor = os.open(path, _OPEN_TO_READ)
        try:
            _require_file(os.fstat(descriptor), url)
        except BaseException:
            os.close(descriptor)
            raise
        return open(descriptor, "rb")  # noqa: PTH123 - of a descriptor, not of a path

    def _write(self, url: str, put: Callable[[Path], T]) -> T:
        path = self._allowed(url)
        with file_errors(url):
            if path.is_dir():
                raise bad_url(url, "there is a folder of that name")
            make_folders(path.parent)
            return put(path)

    def _delete(self, url: str) -> None:
        path = self._allowed(url)
        with file_errors(url), suppress(FileNotFoundError, NotADirectoryError):
            _require_file(path.stat(), url)
            path.unlink()

    def _allowed(self, url: str) -> Path:
        """The real path behind the URL of a file, if it is inside one of the allowed folders."""
        real = self._inside(url, _real(url))
        if real in self._roots:
            raise bad_url(url, "there is a folder of that name")
        return real

    def _inside(self, url: str, real: Path) -> Path:
        if any(real.is_relative_to(root) for root in self._roots):
            return real
        folders = ", ".join(str(root) for root in self._roots) or "none"
        raise Permanent(
            f"'{url}' is outside the folders that jobs may use ({folders})",
            code="blob_not_allowed",
            hint="Move the file into one of them, or add its folder to the setting `blob_roots`.",
        )


async def opened(opener: Callable[[], BinaryIO]) -> BinaryIO:
    """Open a file in a thread; a caller that is cancelled meanwhile waits for it and leaves it closed."""
    opening = asyncio.ensure_future(asyncio.to_thread(opener))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(Exception):  # nobody is left to hear why it could not be opened
            (await opening).close()
        raise


async def to_the_end(function: Callable[[], None]) -> None:
    """Call a function in a thread; a caller that is cancelled meanwhile, even before it begins, waits for its end."""
    calling = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        await asyncio.shield(calling)
    except asyncio.CancelledError:
        await calling
        raise


@contextmanager
def file_errors(url: str) -> Generator[None]:
    """Turn what the operating system says about a file into errors of ours."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BlobMissing(f"there is no file at '{url}'") from error
    except OSError as error:
        raise _translated(error, url) from error


def _real(url: str) -> Path:
    """The path behind a URL, links and `..` resolved."""
    try:
        return path_of(url).resolve()
    except (OSError, RuntimeError) as error:
        raise bad_url(url, f"its path can't be resolved ({error})") from error


def _read(file: BinaryIO, url: str) -> bytes:
    with file_errors(url):
        return file.read(CHUNK)


async def _pieces(file: BinaryIO, url: str) -> AsyncGenerator[bytes]:
    while chunk := await asyncio.to_thread(_read, file, url):
        yield chunk


def _info(url: str, name: str, facts: os.stat_result) -> BlobInfo:
    kind = mimetypes.guess_type(name)[0]
    return BlobInfo(url, facts.st_size, media_type=kind, modified=facts.st_mtime_ns // 1_000)


def _info_if_there(path: Path) -> BlobInfo | None:
    with suppress(FileNotFoundError):
        return _info(url_of(path), path.name, path.stat())
    return None


def _require_file(facts: os.stat_result, url: str) -> None:
    if stat.S_ISDIR(facts.st_mode):
        raise bad_url(url, "there is a folder of that name")
    if not stat.S_ISREG(facts.st_mode):
        raise bad_url(url, "it is no regular file but a pipe, a socket or a device")


def _translated(error: OSError, url: str) -> Exception:
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return BlobStoreDown(f"the disk that holds '{url}' is full", hint="Free some space; the job is tried again.")
    if error.errno in _DENIED:
        return BlobFailed(
            f"permission denied for '{url}'",
            hint="Let the user that runs the worker read the file, or write in its folder.",
        )
    if error.errno in _DOWN:
        return BlobStoreDown(f"the file system that holds '{url}' does not work: {reason}")
    if error.errno == errno.EEXIST:
        return bad_url(url, "a part of its path is a file, not a folder")
    if error.errno in _BAD_NAME:
        return bad_url(url, reason)
    return BlobFailed(f"'{url}' could not be read or written: {reason}")
