"""Plain text in old encodings: LibreOffice takes it for UTF-8 and garbles it, so it is written anew."""

import codecs
from pathlib import Path

_CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def as_utf8(source: Path, rewritten: Path) -> Path:
    """`source` itself if it is plain UTF-8, else `rewritten` with the same text in UTF-8.

    Text that is not UTF-8 and has no mark is taken for Windows-1252, the usual encoding of old western files.
    """
    encoding = _encoding(source)
    if encoding == "utf-8":
        return source
    with (
        source.open(encoding=encoding, errors="replace", newline="") as old,
        rewritten.open("w", encoding="utf-8", newline="") as new,
    ):
        while text := old.read(_CHUNK):
            new.write(text)
    return rewritten


def _encoding(source: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with source.open("rb") as file:
        first = file.read(_CHUNK)
        for mark, encoding in _MARKS:
            if first.startswith(mark):
                return encoding
        try:
            while first:
                decoder.decode(first)
                first = file.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"
