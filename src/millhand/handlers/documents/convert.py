"""The kind `document.convert`: a document becomes a PDF by LibreOffice or Word, checked before the job is settled."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import Field

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
from millhand.engines.word.engine import Word
from millhand.engines.word.native import connect, on_this_system
from millhand.engines.word.port import Connect
from millhand.handlers.documents import font_report, pdf_check
from millhand.handlers.documents.converted import Converted, MadePdf, converted
from millhand.handlers.documents.engine_choice import EngineName, Made, choose, make
from millhand.handlers.documents.engine_watch import watched
from millhand.handlers.documents.errors import no_such_page
from millhand.handlers.documents.font_slots import Asked
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.preflight import Inspection, inspect
from millhand.handlers.documents.settings import DocumentSettings
from millhand.handlers.documents.text import as_utf8
from millhand.handlers.documents.word_options import word_export

PDF = "application/pdf"


class ConvertDocument(Args, kind="document.convert", queue="documents"):
    """Convert a document to PDF."""

    source: str = Field(description="URL of the document.")
    target: str = Field(default="", description="URL of the PDF; empty means beside the document, ending in .pdf.")
    name: str = Field(default="", description="The document's name, if its URL has another; its suffix counts.")
    engine: EngineName | None = Field(
        default=None,
        description="word, libreoffice, or auto: Word where there is one, and LibreOffice if Word does not make it. "
        "Unless given, as the setting documents.engine says.",
    )
    options: PdfOptions = Field(default=PdfOptions(), description="How the PDF shall be.")

    @property
    def shown_name(self) -> str:
        """The name by which people know the document."""
        return self.name or PurePosixPath(self.source).name

    @property
    def target_url(self) -> str:
        """Where the PDF goes."""
        return self.target or self.source.removesuffix(PurePosixPath(self.source).suffix) + ".pdf"


@dataclass(frozen=True, slots=True)
class _Tools:
    """What all documents of an executor share: its engines, and the font families of the system."""

    soffice: Soffice
    word: Word
    families: frozenset[str]


def documents(settings: DocumentSettings, word: Connect | None = None) -> Registry:
    """The document kinds, with these settings; Word is reached by `word`, or as this system does."""
    registry = Registry()
    reach = word or on_this_system()
    limits = Limits(hard=settings.hard_seconds(word=reach is not None), memory=settings.executor_memory)

    @resource
    @contextmanager
    def tools(workdir: Path) -> Generator[_Tools]:
        soffice, office = Soffice(settings.engine, workdir), Word(settings.word, workdir, reach or connect)
        with closing(soffice), closing(office):
            yield _Tools(soffice, office, installed_families())

    @registry.handler(retry=RetryPolicy(max_attempts=3), limits=limits)
    def convert_document(ctx: Context, args: ConvertDocument) -> Converted:
        """Convert a document to PDF."""
        return _Conversion(ctx, args, settings, tools, word_possible=reach is not None).run()

    return registry


class _Conversion:
    """One document on its way to a PDF."""

    def __init__(
        self,
        ctx: Context,
        args: ConvertDocument,
        settings: DocumentSettings,
        tools: "Resource[_Tools]",
        *,
        word_possible: bool,
    ) -> None:
        self._ctx = ctx
        self._args = args
        self._settings = settings
        self._tools = tools
        self._choice = choose(args.engine, settings.default_engine, word_possible=word_possible)

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

    def _converted(self, source: Path, document: Inspection) -> MadePdf:
        target, opens_with = self._ctx.scratch / "document.pdf", self._opens_with
        made = make(
            self._choice,
            lambda: self._by_word(source, document, target),
            lambda: self._by_libreoffice(source, document, target),
            self._ctx.log,
        )
        self._ctx.progress(0.8, "checking")
        facts = pdf_check.check(target, opens_with)
        asked = font_report.asked_for(source, document.format) if document.format is not None else Asked()
        fonts = font_report.report(asked, facts.fonts, self._ctx.use(self._tools).families, STAND_INS)
        return MadePdf(target, made, facts, fonts)

    @property
    def _opens_with(self) -> str | None:
        password = self._args.options.open_password
        return password.get_secret_value() if password else None

    def _by_word(self, source: Path, document: Inspection, target: Path) -> Made:
        export = word_export(self._args.options, document)
        word = self._ctx.use(self._tools).word
        done = word.convert(source, target, document.suffix, export, self._is_cancelled)
        notices = ("Word repaired the document to read it.",) if done.repaired else ()
        return Made(
            engine="word",
            version=done.version,
            seconds=done.seconds,
            peak_memory=done.peak_memory,
            notices=notices,
        )

    def _by_libreoffice(self, source: Path, document: Inspection, target: Path) -> Made:
        options, engine = self._args.options, self._ctx.use(self._tools).soffice
        readable, export = self._readable(source, document), options.export(document)

        def convert(export: PdfExport) -> Conversion:
            return engine.convert(readable, target, export, self._settings.document, self._is_cancelled)

        try:
            done = watched(engine, self._ctx.log, lambda: convert(export))
        except DocumentFailed:
            if options.page_ranges is None:
                raise
            convert(options.whole().export(document))
            raise no_such_page(options.page_ranges, pdf_check.check(target, self._opens_with).pages) from None
        return Made(engine=done.engine, version=done.version, seconds=done.seconds, peak_memory=done.peak_memory)

    def _readable(self, source: Path, document: Inspection) -> Path:
        if document.format is None or document.format.container != "text":
            return source
        return as_utf8(source, self._ctx.scratch / "document-in-utf-8")

    def _is_cancelled(self) -> bool:
        return self._ctx.cancelled

    def _saved(self, pdf: MadePdf, document: Inspection) -> Converted:
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
                engine=pdf.made.engine,
                degraded=pdf.degraded,
            )
        )
        ctx.progress(1.0, count_of(pdf.facts.pages, "page"))
        return converted(pdf, saved, document.notices)
