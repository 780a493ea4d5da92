"""An uploaded bundle: a zip of HTML and what belongs to it, read in place. Nothing of it is ever written to a disk."""

import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from millhand.engines.chromium.site import INDEX, Site
from millhand.handlers.pages.errors import BadBundle
from millhand.handlers.pages.settings import BundleLimits

_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@contextmanager
def opened(path: Path, start: str, limits: BundleLimits) -> Generator[Site]:
    """The bundle as a site; raises `BadBundle`. `start` is the first page, empty for the topmost index.html."""
    try:
        archive = zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        raise BadBundle("The bundle is no zip, or it is damaged.") from error
    with archive:
        files = _files(archive, path.stat().st_size, limits)

        def read(name: str) -> bytes | None:
            entry = files.get(name)
            if entry is None:
                return None
            try:
                return archive.read(entry)
            except _ZIP_ERRORS:
                return None

        yield Site(read, _start(files, start))


def _files(archive: zipfile.ZipFile, size: int, limits: BundleLimits) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise _bomb(f"it has {len(entries)} files")
    if sum(entry.file_size for entry in entries) > limits.unpacked:
        raise _bomb("it would unpack to too much")
    if sum(entry.compress_size for entry in entries) > size:
        raise _bomb("its files overlap")
    for entry in entries:
        if entry.file_size > limits.ratio_from and entry.file_size > limits.ratio * max(1, entry.compress_size):
            raise _bomb(f"the file {entry.filename} would grow too much")
        if not _is_inside(entry.filename):
            raise BadBundle(f"The bundle has a file that leads out of it: {entry.filename[:200]}")
    return {entry.filename: entry for entry in entries if not entry.is_dir()}


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in path.parts[0] if path.parts else False


def _start(files: dict[str, zipfile.ZipInfo], start: str) -> str:
    if start:
        if start not in files:
            raise BadBundle(f"The bundle has no file '{start}'.")
        return start
    found = [name for name in files if PurePosixPath(name).name == INDEX]
    if not found:
        raise BadBundle("The bundle has no index.html.")
    return min(found, key=lambda name: (name.count("/"), name))


def _bomb(why: str) -> BadBundle:
    return BadBundle(f"The bundle looks like a zip bomb: {why}.", code="zip_bomb")
