"""What the document handlers are told: bounds for a document, and how the engine runs."""

from dataclasses import dataclass, field

from millhand.core.limits import MIB
from millhand.engines.soffice.values import DocumentLimits, SofficeSettings
from millhand.handlers.documents.limits import PreflightLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSettings:
    """Bounds before the engine, bounds within it, and the engine's own settings."""

    preflight: PreflightLimits = field(default_factory=PreflightLimits)
    document: DocumentLimits = field(default_factory=DocumentLimits)
    engine: SofficeSettings = field(default_factory=SofficeSettings)

    @property
    def hard_seconds(self) -> float:
        """Time for both engines one after the other, and for moving a large document about."""
        return 2 * self.document.seconds + 60

    @property
    def executor_memory(self) -> int:
        """Memory for the executor's whole tree: the document's, and what the executor and a warm engine share."""
        return self.document.memory + 1_024 * MIB
