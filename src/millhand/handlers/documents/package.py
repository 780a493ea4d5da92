"""Zipped documents (Office Open XML, OpenDocument): bounded before anything is unpacked, then read part by part.

A zip's own directory is only a claim: sizes are checked as claimed, and again while unpacking.
"""

import html
import re
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from millhand.handlers.documents.errors import BadDocument
from millhand.handlers.documents.limits import PreflightLimits

_CHUNK = 1 << 16
_SMALL = 1 << 16
_OVERLAP = 2048  # bytes of a chunk that are looked at again with the next: a link may lie across
# Links that a program would fetch by itself, not those for a person to click.
_RELATIONSHIP = (
    b"External",
    re.compile(rb"<Relationship\b(?=[^>]*TargetMode=\"External\")(?![^>]*/hyperlink\")[^>]*\bTarget=\"([^\"]+)\""),
)
FETCHED_BY_XLINK = re.compile(
    rb"<(?!text:a\b|draw:a\b)[\w:-]+\s[^>]*?xlink:href=\"((?:https?|ftp|file|smb|dav|webdav)s?:[^\"]+|//[^\"]+)\""
)
_XLINK = (b"xlink:href", FETCHED_BY_XLINK)
SHOWN_LINKS = 20
# The document types that LibreOffice itself writes into macros, dialogs and menus: they name no other file.
_OWN_DTD = re.compile(r"[\w-]+\.dtd")
_OWN_DOCTYPE = "-//OpenOffice.org//DTD "
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass
class PackageFacts:
    """What reading the parts of a package brought up."""

    external_links: list[str] = field(default_factory=list[str])
    notices: list[str] = field(default_factory=list[str])

    def link(self, target: str) -> None:
        """Remember a link to something outside, once, and no endless list of them."""
        if len(self.external_links) < SHOWN_LINKS and target not in self.external_links:
            self.external_links.append(target)


@contextmanager
def opened(path: Path, limits: PreflightLimits) -> Generator[zipfile.ZipFile]:
    """The package, after its directory was found sound and within the limits. Raises BadDocument."""
    try:
        package = zipfile.ZipFile(path)
    except _ZIP_ERRORS as error:
        raise BadDocument(
            "The file is cut off or damaged: its zip directory is missing or broken.", code="truncated_document"
        ) from error
    with package:
        _check_directory(package, path.stat().st_size, limits)
        yield package


def small_part(package: zipfile.ZipFile, name: str) -> bytes:
    """The first 64 KB of a part; empty if there is none or it can't be unpacked."""
    try:
        with package.open(name) as part:
            return part.read(_SMALL)
    except (KeyError, *_ZIP_ERRORS):
        return b""


def read_parts(package: zipfile.ZipFile, main: str, limits: PreflightLimits) -> PackageFacts:
    """Parse the XML parts: the main one must be sound, none may declare a document type; collects external links.

    Raises BadDocument. Damage in another part is only noticed: LibreOffice may do without it.
    """
    facts = PackageFacts()
    budget = limits.parsed
    for entry in package.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels")) or entry.file_size > budget:
            continue
        budget -= entry.file_size
        try:
            _parse(package, entry, facts)
        except expat.ExpatError as error:
            _damaged(entry, main, facts, f"its XML is not well formed ({error})")
        except _ZIP_ERRORS as error:
            _damaged(entry, main, facts, f"it can't be unpacked ({error})")
    return facts


def _check_directory(package: zipfile.ZipFile, size: int, limits: PreflightLimits) -> None:
    entries = package.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > limits.entries:
        raise _bomb(f"it has {len(entries)} parts")
    if unpacked > limits.unpacked:
        raise _bomb(f"it would unpack to {unpacked >> 20} MB")
    if packed > size:
        raise _bomb("its parts overlap")
    for entry in entries:
        ratio = entry.file_size / max(1, entry.compress_size)
        if entry.file_size > limits.ratio_from and ratio > limits.ratio:
            raise _bomb(f"the part {entry.filename} would grow {ratio:.0f} times, to {entry.file_size >> 20} MB")


def _bomb(why: str) -> BadDocument:
    return BadDocument(
        f"The file looks like a zip bomb: {why}.",
        code="zip_bomb",
        hint="If the document is genuine, remove oversized content, or raise the preflight limits.",
    )


def _parse(package: zipfile.ZipFile, entry: zipfile.ZipInfo, facts: PackageFacts) -> None:
    """Parse one part. Links are found by a pattern: a call from the parser for each element would take all the time."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    mark, pattern = _RELATIONSHIP if entry.filename.endswith(".rels") else _XLINK
    before = b""
    with package.open(entry) as part:
        while chunk := part.read(_CHUNK):
            parser.Parse(chunk, False)  # noqa: FBT003 - expat's signature
            if mark in (seen := before + chunk):
                for link in pattern.findall(seen):
                    facts.link(html.unescape(link.decode("utf-8", "replace")))
            before = chunk[-_OVERLAP:]
    parser.Parse(b"", True)  # noqa: FBT003 - as above


def _refuse_doctype(_name: str, system_id: str | None, public_id: str | None, has_entities: int) -> None:
    harmless = (public_id or "").startswith(_OWN_DOCTYPE) and _OWN_DTD.fullmatch(system_id or "")
    if harmless and not has_entities:
        return
    raise BadDocument(
        "The document declares an XML document type, which office files never do: it may try to read files or "
        "exhaust memory.",
        code="dangerous_xml",
    )


def _damaged(entry: zipfile.ZipInfo, main: str, facts: PackageFacts, why: str) -> None:
    if entry.filename == main:
        raise BadDocument(f"The document is damaged: in {entry.filename}, {why}.", code="corrupt_document")
    facts.notices.append(f"The part {entry.filename} is damaged: {why}.")
