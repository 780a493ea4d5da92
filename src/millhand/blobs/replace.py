"""Put a file in place at once and durably: readers see the old one or the new one, also after a power cut.

What is still being written is a draft, which nobody else should see: listing files leaves it out.
"""

import os
import re
import secrets
import stat
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_DRAFT = re.compile(r"\.millhand-[0-9a-f]{16}\.part")
_DESCRIPTORS = Path("/proc/self/fd")


def replace_file(path: Path, content: Iterable[bytes]) -> None:
    """Write a draft in the same folder, force it to disk, rename it over `path`, and force the folder to disk.

    Whatever fails, the draft is removed. On Linux it has no name while it is written, so that even a process that is
    killed meanwhile leaves nothing behind (open(2), O_TMPFILE).
    """
    with _draft(path, content) as draft:
        draft.replace(path)
    _sync(path.parent)


def create_file(path: Path, content: Iterable[bytes]) -> bool:
    """The same, but only if `path` is not there; whether it was made. Needs a file system with links."""
    with _draft(path, content) as draft:
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
    _sync(path.parent)
    return True


def files_below(folder: Path) -> list[Path]:
    """Every regular file below a folder, sorted, without drafts; links are neither listed nor followed."""
    found = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return sorted(path for path in found if not _DRAFT.fullmatch(path.name) and _is_plain(path))


def remove_old_drafts(folder: Path, before: float) -> int:
    """Remove drafts last written before that time (seconds since the epoch), and return how many.

    Who wrote them was killed. There are such only where drafts must have names, as on NFS.
    """
    removed = 0
    for path in folder.glob(".millhand-*.part"):
        with suppress(OSError):  # others may clean up as well
            if _DRAFT.fullmatch(path.name) and path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, each forced to disk: a power cut must not take a file's path."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


@contextmanager
def _draft(path: Path, content: Iterable[bytes]) -> Generator[Path]:
    """A file beside `path` that has the content, on disk; it is removed if the block fails."""
    draft = path.parent / f".millhand-{secrets.token_hex(8)}.part"
    try:
        with _open(draft) as file:
            for chunk in content:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            _name(file, draft)
        yield draft
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:  # gone since it was listed
        return False


def _open(draft: Path) -> BinaryIO:
    if sys.platform == "linux" and _DESCRIPTORS.is_dir():
        try:
            descriptor = os.open(draft.parent, os.O_WRONLY | os.O_TMPFILE, 0o666)
        except OSError:
            pass  # not every file system can; what else is wrong shows when the draft is opened by its name
        else:
            return open(descriptor, "wb")  # noqa: PTH123 - of a descriptor, not of a path
    return draft.open("xb")


def _name(file: BinaryIO, draft: Path) -> None:
    """Give a nameless draft its name."""
    if os.fstat(file.fileno()).st_nlink:
        return
    folder = os.open(draft.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Only with a folder's descriptor does Python follow the link in /proc, as linkat(2) shows it for such files.
        os.link(_DESCRIPTORS / str(file.fileno()), draft.name, dst_dir_fd=folder)
    finally:
        os.close(folder)


def _sync(folder: Path) -> None:
    if os.name == "nt":  # Windows has no such call: a rename there is in the journal of the file system
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
