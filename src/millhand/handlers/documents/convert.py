"""The kind `document.convert`: any document that LibreOffice reads becomes a PDF, checked before the job is settled."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, Field

from millhand.core.context import Context
from millhand.core.errors import JobCancelled
from millhand.core.job import Args
from millhand.core.limits import Limits
from millhand.core.registry import Registry
from millhand.core.resource import Resource, resource
from millhand.core.retry import RetryPolicy
from millhand.core.words import count_of
from millhand.engines.soffice.engine import Soffice
from millhand.engines.soffice.errors import DocumentFailed
from millhand.engines.soffice.fonts import STAND_INS, installed_families
from millhand.engines.soffice.pdf import PdfExport
from millhand.engines.soffice.values import Conversion
from millhand.handlers.documents import font_report, pdf_check
from millhand.handlers.documents.engine_watch import watched
from millhand.handlers.documents.errors import no_such_page
from millhand.handlers.documents.font_report import FontReport
from millhand.handlers.documents.font_slots import Asked
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.pdf_check import PdfFacts
from millhand.handlers.documents.preflight import Inspection, inspect
from millhand.handlers.documents.settings import DocumentSettings
from millhand.handlers.documents.text import as_utf8

PDF = "application/pdf"


class ConvertDocument(Args, kind="document.convert", queue="documents"):
    """Convert a document to PDF."""

    source: str = Field(description="URL of the document.")
    target: str = Field(default="", description="URL of the PDF; empty means beside the document, ending in .pdf.")
    name: str = Field(default="", description="The document's name, if its URL has another; its suffix counts.")
    options: PdfOptions = Field(default=PdfOptions(), description="How the PDF shall be.")

    @property
    def shown_name(self) -> str:
        """The name by which people know the document."""
        return self.name or PurePosixPath(self.source).name

    @property
    def target_url(self) -> str:
        """Where the PDF goes."""
        return self.target or self.source.removesuffix(PurePosixPath(self.source).suffix) + ".pdf"


class Converted(BaseModel):
    """What became of a document. `degraded` says that it may look different from what its author saw."""

    url: str
    pages: int
    size: int
    sha256: str
    engine: str
    engine_version: str
    seconds: float
    peak_memory: int
    degraded: bool
    fonts: FontReport
    notices: list[str]


@dataclass(frozen=True, slots=True)
class _Tools:
    """What all documents of an executor share: its engine, and the font families of the system."""

    engine: Soffice
    families: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Pdf:
    """A PDF that was made and found good."""

    path: Path
    conversion: Conversion
    facts: PdfFacts
    fonts: FontReport


def documents(settings: DocumentSettings) -> Registry:
    """The document kinds, with these settings."""
    registry = Registry()
    limits = Limits(hard=settings.hard_seconds, memory=settings.executor_memory)

    @resource
    @contextmanager
    def tools(workdir: Path) -> Generator[_Tools]:
        engine = Soffice(settings.engine, workdir)
        try:
            yield _Tools(engine, installed_families())
        finally:
            engine.close()

    @registry.handler(retry=RetryPolicy(max_attempts=3), limits=limits)
    def convert_document(ctx: Context, args: ConvertDocument) -> Converted:
        """Convert a document to PDF."""
        return _Conversion(ctx, args, settings, tools).run()

    return registry


class _Conversion:
    """One document on its way to a PDF."""

    def __init__(
        self, ctx: Context, args: ConvertDocument, settings: DocumentSettings, tools: "Resource[_Tools]"
    ) -> None:
        self._ctx = ctx
        self._args = args
        self._settings = settings
        self._tools = tools

    def run(self) -> Converted:
        ctx = self._ctx
        ctx.progress(0.0, "fetching")
        limit = self._settings.preflight.size
        source = ctx.wait(ctx.fetch(self._args.source, "document", max_bytes=limit))
        ctx.progress(0.1, "looking at it")
        document = self._inspected(source)
        ctx.progress(0.2, "converting")
        pdf = self._converted(source, document)
        ctx.progress(0.9, "saving")
        return self._saved(pdf, document)

    def _inspected(self, source: Path) -> Inspection:
        document = inspect(source, self._args.shown_name, self._settings.preflight)
        for notice in document.notices:
            self._ctx.log.warning(notice)
        return document

    def _converted(self, source: Path, document: Inspection) -> _Pdf:
        options = self._args.options
        target = self._ctx.scratch / "document.pdf"
        opens_with = options.open_password.get_secret_value() if options.open_password else None
        readable, export = self._readable(source, document), options.export(document)
        tools = self._ctx.use(self._tools)

        def make(export: PdfExport) -> Conversion:
            return tools.engine.convert(readable, target, export, self._settings.document, self._is_cancelled)

        try:
            conversion = watched(tools.engine, self._ctx.log, lambda: make(export))
        except DocumentFailed:
            if options.page_ranges is None:
                raise
            make(options.whole().export(document))
            raise no_such_page(options.page_ranges, pdf_check.check(target, opens_with).pages) from None
        self._ctx.progress(0.8, "checking")
        facts = pdf_check.check(target, opens_with)
        asked = font_report.asked_for(source, document.format) if document.format is not None else Asked()
        fonts = font_report.report(asked, facts.fonts, tools.families, STAND_INS)
        return _Pdf(target, conversion, facts, fonts)

    def _readable(self, source: Path, document: Inspection) -> Path:
        if document.format is None or document.format.container != "text":
            return source
        return as_utf8(source, self._ctx.scratch / "document-in-utf-8")

    def _is_cancelled(self) -> bool:
        return self._ctx.cancelled

    def _saved(self, pdf: _Pdf, document: Inspection) -> Converted:
        ctx = self._ctx
        if ctx.cancelled:
            raise JobCancelled("cancelled before the PDF was saved")
        saved = ctx.wait(
            ctx.save(
                pdf.path,
                self._args.target_url,
                name=f"{PurePosixPath(self._args.shown_name).stem}.pdf",
                media_type=PDF,
                pages=pdf.facts.pages,
                engine=pdf.conversion.engine,
            )
        )
        ctx.progress(1.0, count_of(pdf.facts.pages, "page"))
        return Converted(
            url=saved.url,
            pages=pdf.facts.pages,
            size=saved.size,
            sha256=saved.sha256,
            engine=pdf.conversion.engine,
            engine_version=pdf.conversion.version,
            seconds=round(pdf.conversion.seconds, 3),
            peak_memory=pdf.conversion.peak_memory,
            degraded=not pdf.fonts.faithful,
            fonts=pdf.fonts,
            notices=[*document.notices, *_font_notices(pdf.fonts)],
        )


def _font_notices(fonts: FontReport) -> list[str]:
    notices = [
        f"The font {one.asked} is not installed; {one.by or 'another'} was used, which is of a different width."
        for one in fonts.substituted
        if not one.same_widths
    ]
    return notices + [f"The font {name} is not embedded." for name in fonts.not_embedded]
