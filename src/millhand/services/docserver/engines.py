"""Which engine a worker works with, for its heartbeat: Word where it is installed and wanted, or else LibreOffice."""

from dataclasses import dataclass
from pathlib import Path

from millhand.config import Settings
from millhand.core.errors import EngineMissing
from millhand.engines.soffice import find
from millhand.engines.word.install import registered_version


@dataclass(frozen=True, slots=True)
class Present:
    """An engine that is installed: its name and version; both empty if there is none."""

    name: str = ""
    version: str = ""

    @property
    def word_version(self) -> str:
        """Word's version; empty if it is another engine."""
        return self.version if self.name == WORD else ""


WORD, LIBREOFFICE = "Word", "LibreOffice"


def present(settings: Settings) -> Present:
    """The first engine that a document would be given to."""
    if settings.documents.engine != "libreoffice" and (word := registered_version()):
        return Present(WORD, f"{word}.0")  # the registry has its major version, and Word says such as 16.0 of itself
    installation = settings.libreoffice.installation
    try:
        return Present(LIBREOFFICE, find(Path(installation) if installation else None).version)
    except EngineMissing:
        return Present()
