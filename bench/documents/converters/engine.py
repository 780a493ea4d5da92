"""millhand's engine: a fork server, and a process of its own for each document."""

from pathlib import Path

from bench.documents.converters.converter import Converter
from bench.results import Contender
from millhand.engines.soffice import DocumentLimits, PdfExport, Soffice, SofficeSettings

NAME = "millhand"


class EngineConverter(Converter):
    """Driven as the document handler drives it, without the queue."""

    contender = Contender(NAME, "fork server, one confined process for each document")

    def __init__(self, folder: Path) -> None:
        self._engine = Soffice(SofficeSettings(), folder)

    def start(self) -> None:
        """Start the fork server."""
        self._engine.warm_up()

    def convert(self, source: Path, target: Path) -> None:
        """Convert one text document."""
        self._engine.convert(source, target, PdfExport(source.suffix), DocumentLimits())

    def close(self) -> None:
        """End the fork server."""
        self._engine.close()
