"""Converting in tests, and reading what came out."""

from pathlib import Path

import pypdfium2

from millhand.engines.soffice import Conversion, DocumentLimits, Soffice
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.preflight import inspect

QUICK = DocumentLimits(seconds=30)


class Converter:
    """Converts by an engine into a folder, by the same way as the handler: inspect, then export."""

    def __init__(self, engine: Soffice, folder: Path) -> None:
        self.engine = engine
        self.target = folder / "out.pdf"

    def convert(self, source: Path, options: PdfOptions | None = None, limits: DocumentLimits = QUICK) -> Conversion:
        export = (options or PdfOptions()).export(inspect(source, source.name))
        return self.engine.convert(source, self.target, export, limits)

    def text(self, password: str | None = None) -> str:
        return pdf_text(self.target, password)


def pdf_text(path: Path, password: str | None = None) -> str:
    document = pypdfium2.PdfDocument(path, password=password)
    try:
        return "\f".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def pdf_pages(path: Path) -> int:
    document = pypdfium2.PdfDocument(path)
    try:
        return len(document)
    finally:
        document.close()
