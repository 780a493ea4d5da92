"""Find the documents in a source archive, without writing anything to disk."""

import hashlib
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bench.documents.sources import LIMITS

_LARGEST = 20 << 20
"""Bytes; larger files are no documents that anybody mails."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was found."""

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        """Its suffix in small letters, with the dot."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def sha256(self) -> str:
        """The hash of its content, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


def documents_in(archive: Path) -> Iterator[Document]:
    """The documents in a tar or zip archive, in its order."""
    members = _zipped(archive) if archive.suffix == ".zip" else _tarred(archive)
    return (document for document in members if document.content)


def _wanted(name: str, size: int) -> bool:
    return PurePosixPath(name).suffix.lower() in LIMITS and size <= _LARGEST


def _tarred(archive: Path) -> Iterator[Document]:
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile() and _wanted(member.name, member.size):
                content = opened.extractfile(member)
                if content is not None:
                    yield Document(member.name, content.read())


def _zipped(archive: Path) -> Iterator[Document]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if not member.is_dir() and _wanted(member.filename, member.file_size):
                yield Document(member.filename, opened.read(member))
