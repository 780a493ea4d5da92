"""Which fonts a document asks for, and which of them the PDF has under another name, or not at all.

Nothing fails here: a report about a document that can't be read is empty.
"""

import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from millhand.handlers.documents.formats import Format
from millhand.handlers.documents.pdf_check import PdfFont

_PART_BYTES = 8 << 20  # of one part that are searched
_OOXML_PARTS = re.compile(
    r"word/(?:document|styles|header\d*|footer\d*|footnotes|endnotes)\.xml"
    r"|xl/styles\.xml|ppt/(?:slides|slideMasters|slideLayouts)/[^/]+\.xml|(?:word|xl|ppt)/theme/theme\d+\.xml"
)
_ODF_PARTS = re.compile(r"(?:content|styles)\.xml")
_WORD_FONT = re.compile(rb"<w:rFonts\b[^>]*>")
_WORD_NAME = re.compile(rb"w:(?:ascii|hAnsi)=\"([^\"]+)\"")
_WORD_THEME = re.compile(rb"w:(?:ascii|hAnsi)Theme=\"(major|minor)")
_THEME = re.compile(rb"<a:(major|minor)Font>\s*<a:latin\b[^>]*typeface=\"([^\"]*)\"")
_DRAWING_FONT = re.compile(rb"<a:latin\b[^>]*typeface=\"([^\"+]+)\"")
_SHEET_FONT = re.compile(rb"<font>.*?<name val=\"([^\"]+)\"", re.DOTALL)
_ODF_FONT = re.compile(rb"style:font-name=\"([^\"]+)\"")
_ODF_FACE = re.compile(rb"<style:font-face\b[^>]*style:name=\"([^\"]+)\"[^>]*svg:font-family=\"([^\"]+)\"")


@dataclass(frozen=True)
class Substitution:
    """A font that the document asks for and the PDF replaces. `by` is the family used instead, None if not known.

    `same_widths` says that lines and pages break as they would with the font asked for.
    """

    asked: str
    by: str | None
    same_widths: bool


@dataclass(frozen=True)
class FontReport:
    """The fonts of a conversion: asked for by the document, present in the PDF, substituted, and not embedded."""

    asked: tuple[str, ...]
    used: tuple[str, ...]
    substituted: tuple[Substitution, ...]
    not_embedded: tuple[str, ...]

    @property
    def faithful(self) -> bool:
        """Whether every font is embedded and every substitute has the widths of what it stands for."""
        return not self.not_embedded and all(one.same_widths for one in self.substituted)


def asked_for(path: Path, document: Format) -> frozenset[str]:
    """The font families that a zipped document's text and styles name; empty for other formats."""
    if document.container not in {"ooxml", "odf"}:
        return frozenset()
    wanted = _ODF_PARTS if document.container == "odf" else _OOXML_PARTS
    try:
        with zipfile.ZipFile(path) as package:
            parts = {name: _content(package, name) for name in package.namelist() if wanted.fullmatch(name)}
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return frozenset()
    found = _odf_fonts(parts.values()) if document.container == "odf" else _ooxml_fonts(parts)
    return frozenset(_plain(name) for name in found if name)


def report(
    asked: frozenset[str], fonts: Iterable[PdfFont], installed: frozenset[str], stand_ins: Mapping[str, tuple[str, ...]]
) -> FontReport:
    """Compare what was asked for with what the PDF has.

    `installed` are the system's families, `stand_ins` the families of the same widths for fonts that may be missing.
    """
    embedded = tuple(fonts)
    used = tuple(sorted({font.family for font in embedded}))
    missing = sorted(family for family in asked if family not in installed and not _among(family, used))
    return FontReport(
        asked=tuple(sorted(asked)),
        used=used,
        substituted=_substitutions(missing, asked, used, stand_ins),
        not_embedded=tuple(font.name for font in embedded if not font.embedded),
    )


def _substitutions(
    missing: list[str], asked: frozenset[str], used: tuple[str, ...], stand_ins: Mapping[str, tuple[str, ...]]
) -> tuple[Substitution, ...]:
    known = {family: _stand_in(family, used, stand_ins) for family in missing}
    explained = {_key(family) for family in (*asked, *known.values()) if family is not None}
    unexplained = [family for family in used if _key(family) not in explained]
    # A family that left no trace was named by a style that no text has.
    by = unexplained[0] if len(unexplained) == 1 else None
    return tuple(
        Substitution(family, stand_in or by, same_widths=stand_in is not None)
        for family, stand_in in known.items()
        if stand_in is not None or unexplained
    )


def _stand_in(family: str, used: tuple[str, ...], stand_ins: Mapping[str, tuple[str, ...]]) -> str | None:
    return next((one for one in stand_ins.get(family, ()) if _among(one, used)), None)


def _among(family: str, used: tuple[str, ...]) -> bool:
    """Whether the PDF has this family; names in PDFs have no spaces, and styles after a dash."""
    key = _key(family)
    return any(_key(name) == key for name in used)


def _key(family: str) -> str:
    return family.split("-", maxsplit=1)[0].replace(" ", "").casefold()


def _content(package: zipfile.ZipFile, name: str) -> bytes:
    with package.open(name) as part:
        return part.read(_PART_BYTES)


def _ooxml_fonts(parts: Mapping[str, bytes]) -> set[str]:
    theme = {
        kind.decode(): face.decode("utf-8", "replace")
        for name, content in parts.items()
        if "/theme/" in name
        for kind, face in _THEME.findall(content)
    }
    found: set[str] = set()
    for name, content in parts.items():
        if name.startswith("word/") and "/theme/" not in name:
            for run in set(_WORD_FONT.findall(content)):
                found |= {face.decode("utf-8", "replace") for face in _WORD_NAME.findall(run)}
                found |= {theme.get(kind.decode(), "") for kind in _WORD_THEME.findall(run)}
        elif name.startswith("ppt/"):
            found |= {face.decode("utf-8", "replace") for face in _DRAWING_FONT.findall(content)}
        elif name == "xl/styles.xml":
            found |= {face.decode("utf-8", "replace") for face in _SHEET_FONT.findall(content)}
    return found


def _odf_fonts(contents: Iterable[bytes]) -> set[str]:
    joined = list(contents)
    faces = {name: family for content in joined for name, family in _ODF_FACE.findall(content)}
    used = {name for content in joined for name in _ODF_FONT.findall(content)}
    return {faces[name].decode("utf-8", "replace") for name in used if name in faces}


def _plain(name: str) -> str:
    return name.replace("&apos;", "").strip("'\" ").split(";")[0]
