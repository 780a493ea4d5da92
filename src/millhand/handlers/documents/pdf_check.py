"""Looking at a PDF after it was made: it opens, it has pages, and which fonts it uses, embedded or not."""

# pypdfium2 ships no types, and what it wraps is generated at its build.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportOptionalMemberAccess=false

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import pypdfium2
    from pypdfium2 import raw
except ModuleNotFoundError:  # an extra: the other kinds that come with millhand work without
    pypdfium2 = raw = None

from millhand.core.errors import EngineMissing
from millhand.handlers.documents.errors import BadPdf

# PDFium keeps state for the whole process and may be entered by one thread at a time only.
_PDFIUM = threading.Lock()

_NAME_BYTES = 256
_FORM_DEPTH = 4
_SUBSET_TAG = 7  # "ABCDEF+" before the name of a font of which only the used glyphs are embedded


@dataclass(frozen=True)
class PdfFont:
    """A font that a PDF's text uses."""

    name: str
    family: str
    embedded: bool


@dataclass(frozen=True)
class PdfFacts:
    """What a PDF is: its number of pages, the first page's size in points, its size in bytes, the fonts of its text."""

    pages: int
    width: float
    height: float
    size: int
    fonts: tuple[PdfFont, ...]

    @property
    def not_embedded(self) -> tuple[str, ...]:
        """Fonts that every reader of this PDF must replace by one of its own."""
        return tuple(font.name for font in self.fonts if not font.embedded)


def check(path: Path, password: str | None = None, font_pages: int = 50) -> PdfFacts:
    """Open a PDF and look at it; at fonts only on the first `font_pages` pages. Raises BadPdf if it is not usable."""
    if pypdfium2 is None:
        raise EngineMissing(
            "Converting documents needs pypdfium2, which is not installed.",
            code="pypdfium2_missing",
            hint="Install millhand with its extra: pip install 'millhand[documents]'.",
        )
    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(path, password=password)
        except (pypdfium2.PdfiumError, FileNotFoundError) as error:
            raise BadPdf(f"The PDF that was made does not open: {error}.") from error
        try:
            return _facts(document, path, font_pages)
        finally:
            document.close()


def producer(content: bytes) -> str:
    """The program that wrote a PDF, in its own words; empty if it does not say, or if nothing here can read it."""
    if pypdfium2 is None:
        return ""
    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError:
            return ""
        try:
            return document.get_metadata_value("Producer").strip()
        finally:
            document.close()


def _facts(document: Any, path: Path, font_pages: int) -> PdfFacts:  # noqa: ANN401 - pypdfium2's document, without types
    pages = len(document)
    if pages == 0:
        raise BadPdf("The PDF that was made has no pages.")
    width, height = document.get_page_size(0)
    fonts: dict[str, PdfFont] = {}
    for index in range(min(pages, font_pages)):
        _collect_fonts(document, index, fonts)
    return PdfFacts(pages, width, height, path.stat().st_size, tuple(sorted(fonts.values(), key=_by_name)))


def _by_name(font: PdfFont) -> str:
    return font.name


def _collect_fonts(document: Any, index: int, fonts: dict[str, PdfFont]) -> None:  # noqa: ANN401 - as above
    page = document[index]
    seen: set[int] = set()
    try:
        for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=_FORM_DEPTH):
            handle = raw.FPDFTextObj_GetFont(item.raw)
            address = ctypes.cast(handle, ctypes.c_void_p).value
            if address is None or address in seen:
                continue
            seen.add(address)
            font = _font(handle)
            fonts[font.name] = font
    finally:
        page.close()


def _font(handle: object) -> PdfFont:
    base = _name(raw.FPDFFont_GetBaseFontName, handle)
    name = base[_SUBSET_TAG:] if base[_SUBSET_TAG - 1 : _SUBSET_TAG] == "+" else base
    family = _name(raw.FPDFFont_GetFamilyName, handle)
    return PdfFont(name=name, family=family or name, embedded=raw.FPDFFont_GetIsEmbedded(handle) == 1)


def _name(ask: Callable[..., object], handle: object) -> str:
    buffer = ctypes.create_string_buffer(_NAME_BYTES)
    ask(handle, buffer, _NAME_BYTES)
    return buffer.value.decode("utf-8", "replace")
