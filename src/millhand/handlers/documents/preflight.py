"""Looking at a document before an engine does: a few milliseconds that spare a process and give the clearer reason."""

import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from millhand.handlers.documents import detect, formats, ole, package
from millhand.handlers.documents.errors import BadDocument
from millhand.handlers.documents.formats import Format
from millhand.handlers.documents.limits import PreflightLimits

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_MAIN_PARTS = {"writer": "word/document.xml", "calc": "xl/workbook.xml", "impress": "ppt/presentation.xml"}
_HTML_FETCHES = re.compile(
    rb"<(?:img|link|script|iframe|frame|embed|object)\b[^>]*?(?:src|href|data)\s*=\s*[\"']?"
    rb"((?:https?:|file:|ftp:|//)[^\"'\s>]+)",
    re.IGNORECASE,
)
_ENCRYPTABLE = frozenset(s for f in formats.FORMATS if f.container == "ooxml" for s in f.suffixes)
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FLAT_MACROS = (b"<office:script ", b'macrosPresent="yes"')
_FLAT_BYTES = 64 << 20  # of a flat file in which links are looked for


@dataclass(frozen=True)
class Inspection:
    """What a document is. `format` is None when encryption hides it; `suffix` is the one to show to an engine.

    `maybe_open` says that an encrypted document may have one of the passwords by which Office encrypts what it merely
    protects against changes, and which every program knows.
    `notices` are sentences for the job's log: nothing that stops the conversion.
    """

    format: Format | None
    suffix: str
    size: int
    encrypted: bool = False
    maybe_open: bool = False
    macros: bool = False
    external_links: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def inspect(path: Path, name: str, limits: PreflightLimits | None = None) -> Inspection:
    """Look at the document in the file `path`, which people know by `name`.

    Raises BadDocument if it is empty, too large, cut off, damaged, a bomb, dangerous, unsupported, or something else
    than its suffix says.
    """
    bounds = limits or PreflightLimits()
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower().removeprefix(".")
    size = path.stat().st_size
    _check_size(size, bounds)
    head = detect.head_of(path)
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        found = _inspect_package(path, suffix, size, bounds)
    elif head.startswith(ole.MAGIC):
        found = _inspect_ole(path, suffix, size)
    else:
        found = _inspect_plain(path, head, suffix, size)
    _check_suffix(found, suffix)
    return _with_notices(found, suffix)


def _check_size(size: int, limits: PreflightLimits) -> None:
    if size == 0:
        raise BadDocument(
            "The file is empty.", code="empty_document", hint="Upload it again: the transfer may have failed."
        )
    if size > limits.size:
        raise BadDocument(
            f"The file has {size / (1 << 20):.0f} MB; at most {limits.size >> 20} MB are allowed.",
            code="too_large",
            hint="Shrink its pictures or split it, or raise the size limit.",
        )


def _inspect_package(path: Path, suffix: str, size: int, limits: PreflightLimits) -> Inspection:
    with package.opened(path, limits) as zipped:
        found = detect.in_package(zipped, suffix)
        if found.container == "iwork":
            return Inspection(found, found.suffix, size)
        names = frozenset(zipped.namelist())
        if found.container == "odf" and b"encryption-data" in package.small_part(zipped, "META-INF/manifest.xml"):
            return Inspection(found, found.suffix, size, encrypted=True)
        if found.name.startswith("sx"):  # the older format has document types in its XML by right
            return Inspection(found, found.suffix, size, macros=_has_macros(names))
        facts = package.read_parts(zipped, _main_part(zipped, found), limits)
    return Inspection(
        found,
        found.suffix,
        size,
        macros=found.macros or _has_macros(names),
        external_links=tuple(facts.external_links),
        notices=tuple(facts.notices),
    )


def _main_part(zipped: zipfile.ZipFile, found: Format) -> str:
    main = "content.xml" if found.container == "odf" else _MAIN_PARTS.get(found.family, "")
    if main in zipped.namelist() or found.container == "ooxml":
        return main  # an Office file may name its main part differently
    raise BadDocument("The document is damaged: its content is missing.", code="corrupt_document")


def _has_macros(names: frozenset[str]) -> bool:
    return any(name.endswith("vbaProject.bin") or name.startswith(("Basic/", "Scripts/")) for name in names)


def _inspect_ole(path: Path, suffix: str, size: int) -> Inspection:
    try:
        content = ole.read(path)
    except ole.BrokenOle as error:
        raise BadDocument(f"The file is cut off or damaged: {error}.", code="truncated_document") from error
    found = detect.in_ole(content)
    macros = bool(content.names & {"Macros", "_VBA_PROJECT_CUR", "VBA", "_VBA_PROJECT"})
    shown = found.suffix if found is not None else f".{suffix if suffix in _ENCRYPTABLE else 'docx'}"
    maybe_open = content.encrypted and (found is None or found.name == "xls")
    return Inspection(found, shown, size, encrypted=content.encrypted, maybe_open=maybe_open, macros=macros)


def _inspect_plain(path: Path, head: bytes, suffix: str, size: int) -> Inspection:
    found = detect.in_plain(head, suffix)
    match found.container:
        case "rtf" if not _ends_rtf(path):
            raise BadDocument("The file is cut off: its last bracket is missing.", code="truncated_document")
        case "xml" if _DOCTYPE.search(head):
            raise BadDocument("The document declares an XML document type or entities.", code="dangerous_xml")
        case "html" | "xml":
            with path.open("rb") as file:
                content = file.read(_FLAT_BYTES)
            fetched = _HTML_FETCHES if found.container == "html" else package.FETCHED_BY_XLINK
            macros = found.container == "xml" and any(mark in content for mark in _FLAT_MACROS)
            return Inspection(found, found.suffix, size, macros=macros, external_links=_links(content, fetched))
        case _:
            pass
    return Inspection(found, found.suffix, size)


def _links(content: bytes, pattern: re.Pattern[bytes]) -> tuple[str, ...]:
    """What a file links to so that programs would fetch it, a bounded number."""
    found = {link.decode("utf-8", "replace") for link in pattern.findall(content)}
    return tuple(sorted(found)[: package.SHOWN_LINKS])


def _ends_rtf(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1024))
        return file.read().rstrip(b"\r\n\t \x00\x1a").endswith(b"}")


def _check_suffix(found: Inspection, suffix: str) -> None:
    if found.format is None or formats.fits(suffix, found.format):
        return
    raise BadDocument(
        f"The file's name ends in .{suffix}, but it is a different thing: {found.format.label}.",
        code="wrong_suffix",
        hint=f"Rename it to end in {found.format.suffix} if that is what it should be.",
    )


def _with_notices(found: Inspection, suffix: str) -> Inspection:
    notices = list(found.notices)
    if found.macros:
        notices.append("The document has macros; they were not run.")
    if found.external_links:
        notices.append(f"The document links to {len(found.external_links)} outside source(s); none was fetched.")
    if found.format is not None and suffix and suffix not in found.format.suffixes:
        notices.append(f"The file's name ends in .{suffix}; it was read as what it is: {found.format.label}.")
    return replace(found, notices=tuple(notices))
