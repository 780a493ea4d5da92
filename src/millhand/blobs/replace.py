"""Put a file in place at once and durably: readers see the old one or the new one, also after a power cut."""

import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

_DESCRIPTORS = Path("/proc/self/fd")


def replace_file(path: Path, content: Iterable[bytes]) -> None:
    """Write a draft in the same folder, force it to disk, rename it over `path`, and force the folder to disk.

    Whatever fails, the draft is removed. On Linux it has no name while it is written, so that even a process that is
    killed meanwhile leaves nothing behind (open(2), O_TMPFILE).
    """
    draft = path.parent / f".millhand-{secrets.token_hex(8)}.part"
    try:
        with _open(draft) as file:
            for chunk in content:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            _name(file, draft)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, each forced to disk: a power cut must not take a file's path."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


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
