"""The app of millhand itself: the kinds that come with it. A worker serves it unless it is given another."""

from pathlib import Path

from millhand.app.app import App
from millhand.config.settings import LibreOfficeSettings
from millhand.core.limits import MIB
from millhand.engines.soffice.values import DocumentLimits, SofficeSettings
from millhand.handlers.documents.convert import documents
from millhand.handlers.documents.limits import PreflightLimits
from millhand.handlers.documents.settings import DocumentSettings


def document_settings(told: LibreOfficeSettings) -> DocumentSettings:
    """What the settings say of documents, in the handlers' own terms."""
    return DocumentSettings(
        preflight=PreflightLimits(size=told.max_input * MIB, unpacked=told.max_unpacked * MIB),
        document=DocumentLimits(seconds=told.seconds, memory=told.memory * MIB, output=told.max_output * MIB),
        engine=SofficeSettings(
            installation=Path(told.installation) if told.installation else None,
            fork_server=told.fork_server,
            recycle_documents=told.recycle_documents,
        ),
    )


app = App()
app.include(documents(document_settings(app.settings.libreoffice)))
