"""What the URLs of blobs name: paths here (`file://`, RFC 8089, POSIX and Windows), or buckets and keys elsewhere."""

import os
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

from millhand.core.errors import Permanent
from millhand.core.redact import redact_text
from millhand.stores import key_fault

_KEPT = "/:!$&'()*+,;=@~"  # what RFC 3986 allows in a path as it is
_BAD_URL_HINT = "Write an absolute URL such as file:///data/letter.docx; encode ? as %3F and # as %23."


def url_of(path: PurePath) -> str:
    r"""The `file://` URL of a path; a relative path is taken from the working folder.

    A network share (`\\host\share`) becomes a URL with that host.
    """
    absolute = path if path.is_absolute() or not isinstance(path, Path) else path.absolute()
    if not absolute.is_absolute():
        raise bad_url(str(path), "it is a relative path")
    text = quote(os.fsencode(absolute.as_posix()), safe=_KEPT)
    if text.startswith("//") and isinstance(absolute, PureWindowsPath):
        return f"file:{text}"
    return f"file:///{text.lstrip('/')}"


def path_of(url: str) -> Path:
    """The path that a `file://` URL names here; raises `Permanent` (code `bad_url`) if it names none."""
    return Path(windows_path(url) if os.name == "nt" else posix_path(url))


def posix_path(url: str) -> PurePosixPath:
    """The POSIX path that a `file://` URL names."""
    parts = _file_url(url)
    if parts.netloc not in {"", "localhost"}:
        raise bad_url(url, f"it names a host ('{parts.netloc}'), and only local files can be read")
    return PurePosixPath(_decoded(url, parts))


def windows_path(url: str) -> PureWindowsPath:
    """The Windows path that a `file://` URL names, with a drive letter or on a network share."""
    parts = _file_url(url)
    text = _decoded(url, parts)
    if parts.netloc not in {"", "localhost"}:
        text = f"//{parts.netloc}{text}"
    elif text[2:3] in {":", "|"}:  # '|' is how old programs wrote the colon after the drive (RFC 8089, E.2.2)
        text = f"{text[1]}:{text[3:]}"
    path = PureWindowsPath(text)
    if not path.is_absolute():
        raise bad_url(url, "it lacks a drive letter")
    if any(":" in part for part in path.parts[1:]):
        raise bad_url(url, "it has a colon inside a name, which means a hidden stream")
    return path


def scheme_of(url: str) -> str:
    """The scheme of a URL in lower case; raises `Permanent` (code `bad_url`) for text that has none."""
    scheme, colon, _ = url.partition(":")
    if not colon or len(scheme) < 2:  # noqa: PLR2004 - one letter is a drive, C:\letter.docx
        raise bad_url(url, "it has no scheme")
    return scheme.lower()


def object_place(url: str) -> tuple[str, str]:
    """The bucket and the key that an object store's URL names: its host, and its path decoded."""
    bucket, key = _bucket_and_path(url)
    if fault := key_fault(key):
        raise bad_url(url, fault if key else "it names no object")
    return bucket, key


def prefix_place(url: str) -> tuple[str, str]:
    """The bucket and the folder that an object store's URL names; the folder is empty for the whole bucket."""
    bucket, path = _bucket_and_path(url)
    folder = path.removesuffix("/")
    if not bucket:
        raise bad_url(url, "it names no bucket")
    if folder and (fault := key_fault(folder)):
        raise bad_url(url, fault)
    return bucket, folder


def memory_key(url: str) -> str:
    """The key that a `memory://` URL names: its host and path, decoded."""
    host, path = _bucket_and_path(url)
    key = f"{host}/{path}" if host and path else host or path
    if fault := key_fault(key):
        raise bad_url(url, fault if key else "it names no object")
    return key


def bad_url(url: str, reason: str) -> Permanent:
    """The error for a URL that can't be meant."""
    return Permanent(f"'{redact_text(url)}' is not the URL of a blob: {reason}", code="bad_url", hint=_BAD_URL_HINT)


def _bucket_and_path(url: str) -> tuple[str, str]:
    parts = _split(url)
    if "@" in parts.netloc or ":" in parts.netloc:
        raise bad_url(url, "it has more than a bucket for its host: credentials and ports belong into the settings")
    try:
        return parts.netloc, _decoded(url, parts).removeprefix("/").encode().decode()
    except UnicodeError as error:
        raise bad_url(url, "its path is not UTF-8") from error


def _file_url(url: str) -> SplitResult:
    parts = _split(url)
    if not parts.path.startswith("/"):
        raise bad_url(url, "its path is relative")
    if parts.path.endswith("/"):
        raise bad_url(url, "it names a folder")
    return parts


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise bad_url(url, str(error)) from error
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise bad_url(url, "it has an unencoded ? or #")
    if any(letter < " " for letter in url):  # urlsplit would drop some of them without a word
        raise bad_url(url, "it has an unencoded control character")
    return parts


def _decoded(url: str, parts: SplitResult) -> str:
    text = os.fsdecode(unquote_to_bytes(parts.path))
    if "\0" in text:
        raise bad_url(url, "it has a zero byte")
    return text
