"""What became of a document: the PDF as it was made and checked, and the result that its job tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from millhand.core.artefact import Artefact
from millhand.handlers.documents.engine_choice import Made
from millhand.handlers.documents.font_report import FontReport
from millhand.handlers.documents.pdf_check import PdfFacts


class Converted(BaseModel):
    """What became of a document.

    `degraded` says that it may look different from what its author saw: its fonts are others, or Word should have made
    it and did not, for the reason in `fallback`.
    """

    url: str
    pages: int
    size: int
    sha256: str
    engine: str
    engine_version: str
    seconds: float
    peak_memory: int
    degraded: bool
    fallback: str
    fonts: FontReport
    notices: list[str]


@dataclass(frozen=True, slots=True)
class MadePdf:
    """A PDF that was made and found good."""

    path: Path
    made: Made
    facts: PdfFacts
    fonts: FontReport

    @property
    def degraded(self) -> bool:
        """Whether it may look different from what its author saw."""
        return bool(self.made.fallback) or not self.fonts.faithful


def converted(pdf: MadePdf, saved: Artefact, about_document: Sequence[str]) -> Converted:
    """The result of a job: its PDF, where it was saved, and what is to be said of it and of the document."""
    return Converted(
        url=saved.url,
        pages=pdf.facts.pages,
        size=saved.size,
        sha256=saved.sha256,
        engine=pdf.made.engine,
        engine_version=pdf.made.version,
        seconds=round(pdf.made.seconds, 3),
        peak_memory=pdf.made.peak_memory,
        degraded=pdf.degraded,
        fallback=pdf.made.fallback,
        fonts=pdf.fonts,
        notices=[*about_document, *_notices(pdf.made), *_font_notices(pdf.fonts)],
    )


def _notices(made: Made) -> list[str]:
    instead = [f"LibreOffice made it in place of Word: {made.fallback}"] if made.fallback else []
    return [*made.notices, *instead]


def _font_notices(fonts: FontReport) -> list[str]:
    notices = [
        f"The font {one.asked} is not installed; {one.by or 'another'} was used, which is of a different width."
        for one in fonts.substituted
        if not one.same_widths
    ]
    return notices + [f"The font {name} is not embedded." for name in fonts.not_embedded]
