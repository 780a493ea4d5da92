"""What the settings say of documents and pages, in the words of the handlers, which never read settings themselves."""

from pathlib import Path

from millhand.config.settings import ChromiumSettings, Settings
from millhand.core.limits import MIB
from millhand.engines.chromium.values import ChromiumSettings as EngineSettings
from millhand.engines.chromium.values import PageLimits
from millhand.engines.soffice.values import DocumentLimits, SofficeSettings
from millhand.engines.word.values import WordSettings
from millhand.handlers.documents.limits import PreflightLimits
from millhand.handlers.documents.settings import DocumentSettings
from millhand.handlers.pages.settings import BundleLimits, PageSettings


def document_settings(settings: Settings) -> DocumentSettings:
    """What the settings say of documents, in the handlers' own terms."""
    told, word = settings.libreoffice, settings.word
    return DocumentSettings(
        preflight=PreflightLimits(size=told.max_input * MIB, unpacked=told.max_unpacked * MIB),
        document=DocumentLimits(seconds=told.seconds, memory=told.memory * MIB, output=told.max_output * MIB),
        engine=SofficeSettings(
            installation=Path(told.installation) if told.installation else None,
            fork_server=told.fork_server,
            recycle_documents=told.recycle_documents,
        ),
        word=WordSettings(
            seconds=word.seconds,
            memory=word.memory * MIB,
            output=told.max_output * MIB,
            start_seconds=word.start,
            busy_seconds=word.busy,
            recycle_documents=word.recycle_documents,
        ),
        default_engine=settings.documents.engine,
    )


def page_settings(told: ChromiumSettings) -> PageSettings:
    """What the settings say of pages, in the handlers' own terms."""
    return PageSettings(
        page=PageLimits(
            seconds=told.seconds,
            memory=told.memory * MIB,
            transfer=told.max_transfer * MIB,
            output=told.max_output * MIB,
            pixels=told.max_pixels * 1_000_000,
        ),
        bundle=BundleLimits(size=told.max_bundle * MIB, unpacked=told.max_unpacked * MIB),
        engine=EngineSettings(
            executable=Path(told.executable) if told.executable else None,
            sandbox=told.sandbox,
            allowed_hosts=frozenset(told.allowed_hosts),
            recycle_pages=told.recycle_pages,
        ),
    )
