"""Which format a file has, by its content first; its suffix decides only where content can't."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from millhand.handlers.documents import ole
from millhand.handlers.documents.errors import BadDocument
from millhand.handlers.documents.formats import BY_NAME, FORMATS, Format
from millhand.handlers.documents.package import small_part

HEAD = 8192  # bytes by which a file without a container is known

_OOXML_MAIN: Mapping[str, str] = {
    "wordprocessingml.document.main": "docx",
    "wordprocessingml.template.main": "dotx",
    "ms-word.document.macroEnabled.main": "docm",
    "ms-word.template.macroEnabledTemplate.main": "dotm",
    "spreadsheetml.sheet.main": "xlsx",
    "spreadsheetml.template.main": "xltx",
    "ms-excel.sheet.macroEnabled.main": "xlsm",
    "ms-excel.template.macroEnabled.main": "xltm",
    "ms-excel.sheet.binary.macroEnabled.main": "xlsb",
    "presentationml.presentation.main": "pptx",
    "presentationml.template.main": "potx",
    "presentationml.slideshow.main": "ppsx",
    "ms-powerpoint.presentation.macroEnabled.main": "pptm",
    "ms-powerpoint.template.macroEnabled.main": "potm",
    "ms-powerpoint.slideshow.macroEnabled.main": "ppsm",
}
_ODF_TYPES: Mapping[str, str] = {
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.text-template": "ott",
    "application/vnd.oasis.opendocument.text-master": "odm",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.spreadsheet-template": "ots",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.presentation-template": "otp",
    "application/vnd.oasis.opendocument.graphics": "odg",
    "application/vnd.oasis.opendocument.graphics-template": "otg",
    "application/vnd.sun.xml.writer": "sxw",
    "application/vnd.sun.xml.calc": "sxc",
    "application/vnd.sun.xml.impress": "sxi",
}
# By the mark of any of them: which of the three it is, only the suffix tells.
_IWORK_PARTS = frozenset({"Index/Document.iwa", "Index.zip", "index.apxl", "index.xml"})
_UOF_TYPES: Mapping[str, str] = {"vnd.uof.text": "uot", "vnd.uof.spreadsheet": "uos", "vnd.uof.presentation": "uop"}
_FLAT_ODF: Mapping[str, str] = {"odt": "fodt", "ods": "fods", "odp": "fodp", "odg": "fodg"}
_OLE_STREAMS: Mapping[str, str] = {
    "worddocument": "doc",
    "workbook": "xls",
    "book": "xls",
    "powerpoint document": "ppt",
    "hwpsummaryinformation": "hwp",
    "starwriterdocument": "sdw",
    "starcalcdocument": "sdc",
    "stardrawdocument3": "sdd",
}
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "rtf"),
    (b"\xdb\xa5\x2d\x00", "winword2"),
    (b"\xfe\x37\x00\x1c", "macword"),
    (b"\xfe\x37\x00\x23", "macword"),
    (b"\xffWPC", "wpd"),
    (b"@CT ", "602"),
    (b"WordPro", "lwp"),
    (b"HWP Document File", "hwp"),
    (b"ID;P", "slk"),
    (b"TABLE\r\n0,1", "dif"),
    (b"\x00\x00\x02\x00\x06\x04\x06\x00", "wk1"),
)
_GZIP = b"\x1f\x8b"
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF already"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"BM", "a BMP picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (_GZIP, "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
)
_ROOTS: Mapping[bytes, str] = {b"<abiword": "abw", b"<FictionBook": "fb2", b"<gnm:Workbook": "gnumeric"}
_LETTERS = 2
_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*(?:<\?xml[^>]*>\s*)?(?:<!doctype\s+html|<html|<head|<body)", re.IGNORECASE | re.DOTALL
)
_UOF_TYPE = re.compile(rb"uof:mimetype=[\"'](vnd\.uof\.\w+)[\"']")
_FLAT_TYPE = re.compile(rb"office:mimetype=[\"']([\w./-]+)[\"']")
_ROOT_ENTRY = re.compile(
    rb"<manifest:file-entry\b(?=[^>]*\bmanifest:full-path=\"/\")[^>]*manifest:media-type=\"([^\"]+)\""
)
_XML_START = re.compile(rb"\s*<(?:\?xml|[A-Za-z])")
_TEXT_NAMES = frozenset(suffix for known in FORMATS if known.container == "text" for suffix in known.suffixes)


def in_package(package: zipfile.ZipFile, suffix: str) -> Format:
    """The format of a zipped document; its suffix matters for Apple's alone. Raises BadDocument for any other zip."""
    for mime in (small_part(package, "mimetype"), _type_by_manifest(package)):
        if (name := _ODF_TYPES.get(mime.decode("ascii", "replace").strip())) is not None:
            return BY_NAME[name]
    types = small_part(package, "[Content_Types].xml").decode("utf-8", "replace")
    for mark, name in _OOXML_MAIN.items():
        if f"{mark}+xml" in types or (name == "xlsb" and mark in types):
            return BY_NAME[name]
    apples = next((known for known in FORMATS if known.container == "iwork" and known.name == suffix), None)
    if apples is not None and not _IWORK_PARTS.isdisjoint(package.namelist()):
        return apples
    raise _unsupported("a zip archive that holds no document LibreOffice reads")


def _type_by_manifest(package: zipfile.ZipFile) -> bytes:
    """What the manifest says that the package is: some programs forget the part that says no more than that."""
    found = _ROOT_ENTRY.search(small_part(package, "META-INF/manifest.xml"))
    return found[1] if found else b""


def in_ole(content: ole.OleFile) -> Format | None:
    """The format of a document in a compound file; None for an encrypted Office file, which hides it."""
    for stream, name in _OLE_STREAMS.items():
        if stream in content.top:
            return BY_NAME[name]
    if content.encrypted:
        return None
    raise _unsupported("an OLE file that holds no document LibreOffice reads")


def in_plain(head: bytes, suffix: str) -> Format:
    """The format of a file without a container, by its first bytes and, for text, its suffix. Raises BadDocument."""
    start = head.removeprefix(b"\xef\xbb\xbf")
    found = _by_marks(start)
    if found is not None:
        return found
    if start.startswith(_GZIP) and suffix in BY_NAME["gnumeric"].suffixes:
        return BY_NAME["gnumeric"]
    _refuse_others(start)
    if _is_text(head):
        return _in_text(suffix)
    # Of tables in binary formats without a mark LibreOffice is sure itself; other bytes it would take for text.
    binary_tables = (one for one in FORMATS if one.container == "binary" and one.family == "calc")
    known = next((one for one in binary_tables if suffix in one.suffixes), None)
    if known is None:
        raise _unsupported("in no format that LibreOffice reads")
    return known


def _by_marks(start: bytes) -> Format | None:
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return BY_NAME[name]
    if _HTML.match(start):
        return BY_NAME["html"]
    return _in_xml(start) if _XML_START.match(start) else None


def _refuse_others(start: bytes) -> None:
    for magic, what in _OTHERS:
        # Two letters may also begin a text.
        if start.startswith(magic) and (len(magic) > _LETTERS or not _is_text(start)):
            raise _unsupported(what)


def _in_xml(start: bytes) -> Format | None:
    flat = _FLAT_TYPE.search(start)
    if flat:
        name = _FLAT_ODF.get(_ODF_TYPES.get(flat[1].decode("ascii", "replace"), ""))
        return BY_NAME[name] if name else None
    if (uniform := _UOF_TYPE.search(start)) and (name := _UOF_TYPES.get(uniform[1].decode("ascii"))):
        return BY_NAME[name]
    if b"Word.Document" in start or b"wordml" in start or b"schemas.microsoft.com/office/2006/xmlPackage" in start:
        return BY_NAME["wordml"]
    if b"Excel.Sheet" in start or b"schemas-microsoft-com:office:spreadsheet" in start:
        return BY_NAME["spreadsheetml"]
    return next((BY_NAME[name] for mark, name in _ROOTS.items() if mark in start), None)


def _in_text(suffix: str) -> Format:
    """Text has no marks: its suffix says whether it is a table."""
    if suffix in _TEXT_NAMES:
        return next(known for known in FORMATS if suffix in known.suffixes)
    return BY_NAME["csv"] if suffix == "xls" else BY_NAME["txt"]


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)  # noqa: PLR2004 - control characters


def _unsupported(what: str) -> BadDocument:
    return BadDocument(
        f"The file is {what}.",
        code="unsupported_document",
        hint="Send a document: Word, Excel, PowerPoint, OpenDocument, RTF, HTML or text.",
    )


def head_of(path: Path) -> bytes:
    """The file's first bytes."""
    with path.open("rb") as file:
        return file.read(HEAD)
