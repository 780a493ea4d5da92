"""Walking through a part of a package, element by element, without holding it in memory."""

import zipfile
import zlib
from typing import Protocol, TypeAlias
from xml.parsers import expat

Attributes: TypeAlias = dict[str, str]

_CHUNK = 1 << 16
_PART_BYTES = 8 << 20  # of one part that are looked at
_ERRORS = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class Walker(Protocol):
    """What wants to see a part."""

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text inside the element; one text may come in pieces."""


def walk(package: zipfile.ZipFile, name: str, walker: Walker) -> None:
    """Show the first 8 MB of a part. What is missing or damaged is passed over, as is a part with a document type."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.text
    left = _PART_BYTES
    try:
        with package.open(name) as part:
            while left > 0 and (chunk := part.read(_CHUNK)):
                parser.Parse(chunk, False)  # noqa: FBT003 - expat's signature
                left -= len(chunk)
    except (expat.ExpatError, *_ERRORS):
        return


def _refuse(*_: object) -> None:
    raise ValueError("a document type, whose entities could exhaust memory")
