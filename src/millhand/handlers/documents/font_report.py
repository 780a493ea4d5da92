"""Which fonts a document asks for, and which of them the PDF has under another name, or not at all.

Nothing fails here: a report about a document that can't be read is empty.
"""

import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from millhand.handlers.documents.font_slots import Asked
from millhand.handlers.documents.font_use_odf import asked_by_odf
from millhand.handlers.documents.font_use_ole import asked_by_ole
from millhand.handlers.documents.font_use_rtf import asked_by_rtf
from millhand.handlers.documents.font_use_sheet import asked_by_sheets
from millhand.handlers.documents.font_use_slides import asked_by_slides
from millhand.handlers.documents.font_use_word import asked_by_word
from millhand.handlers.documents.formats import Format
from millhand.handlers.documents.pdf_check import PdfFont

_READERS: Mapping[str, Callable[[zipfile.ZipFile], Asked]] = {
    "writer": asked_by_word,
    "calc": asked_by_sheets,
    "impress": asked_by_slides,
}
_OLE_FORMATS = frozenset({"doc", "xls", "ppt"})


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


def asked_for(path: Path, document: Format) -> Asked:
    """The font families that a document's text asks for; none of formats without a word for it."""
    match document.container:
        case "ooxml" | "odf":
            found = _by_package(path, asked_by_odf if document.container == "odf" else _READERS[document.family])
        case "rtf":
            found = asked_by_rtf(path)
        case "ole" if document.name in _OLE_FORMATS:
            found = asked_by_ole(path, document.family)
        case _:
            found = Asked()
    return Asked(_plain(found.sure), _plain(found.maybe))


def _by_package(path: Path, read: Callable[[zipfile.ZipFile], Asked]) -> Asked:
    try:
        with zipfile.ZipFile(path) as package:
            return read(package)
    except (zipfile.BadZipFile, OSError):
        return Asked()


def report(
    asked: Asked, fonts: Iterable[PdfFont], installed: frozenset[str], stand_ins: Mapping[str, tuple[str, ...]]
) -> FontReport:
    """Compare what was asked for with what the PDF has.

    `installed` are the system's families, `stand_ins` the families of the same widths for fonts that may be missing.
    """
    embedded = tuple(fonts)
    used = tuple(sorted({font.family for font in embedded}))
    present = {_key(family) for family in (*installed, *used)}
    missing = sorted(family for family in asked.all if _key(family) not in present)
    return FontReport(
        asked=tuple(sorted(asked.all)),
        used=used,
        substituted=_substitutions(missing, asked, used, stand_ins),
        not_embedded=tuple(font.name for font in embedded if not font.embedded),
    )


def _substitutions(
    missing: list[str], asked: Asked, used: tuple[str, ...], stand_ins: Mapping[str, tuple[str, ...]]
) -> tuple[Substitution, ...]:
    known = {family: _stand_in(family, used, stand_ins) for family in missing}
    explained = {_key(family) for family in (*asked.all, *known.values()) if family is not None}
    unexplained = [family for family in used if _key(family) not in explained]
    by = unexplained[0] if len(unexplained) == 1 else None
    # A family that may have been asked for and left no trace was not.
    return tuple(
        Substitution(family, stand_in or by, same_widths=stand_in is not None)
        for family, stand_in in known.items()
        if stand_in is not None or unexplained or family in asked.sure
    )


def _stand_in(family: str, used: tuple[str, ...], stand_ins: Mapping[str, tuple[str, ...]]) -> str | None:
    return next((one for one in stand_ins.get(family, ()) if _among(one, used)), None)


def _among(family: str, used: tuple[str, ...]) -> bool:
    """Whether the PDF has this family; names in PDFs have no spaces, and styles after a dash."""
    key = _key(family)
    return any(_key(name) == key for name in used)


def _key(family: str) -> str:
    return family.split("-", maxsplit=1)[0].replace(" ", "").casefold()


def _plain(names: Iterable[str]) -> frozenset[str]:
    """Families without quotes, and of a list of alternatives the first; no references to a theme that has no such."""
    found = {name.strip("'\" ").split(";")[0] for name in names}
    return frozenset(name for name in found if name and not name.startswith("+"))
