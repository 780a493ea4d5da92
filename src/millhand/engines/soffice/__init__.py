"""LibreOffice as an engine: documents to PDF, isolated, limited, and judged by their output."""

from millhand.engines.soffice.engine import Soffice
from millhand.engines.soffice.install import Installation, find
from millhand.engines.soffice.pdf import PdfExport
from millhand.engines.soffice.values import Conversion, DocumentLimits, EngineHealth, SofficeSettings

__all__ = [
    "Conversion",
    "DocumentLimits",
    "EngineHealth",
    "Installation",
    "PdfExport",
    "Soffice",
    "SofficeSettings",
    "find",
]
