"""What the document handlers are told: bounds for a document, and how the engines run."""

from dataclasses import dataclass, field

from millhand.core.limits import MIB
from millhand.engines.soffice.values import DocumentLimits, SofficeSettings
from millhand.engines.word.values import WordSettings
from millhand.handlers.documents.engine_choice import EngineName
from millhand.handlers.documents.limits import PreflightLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSettings:
    """Bounds before the engine, bounds within it, the engines' own settings, and which one jobs get that don't say."""

    preflight: PreflightLimits = field(default_factory=PreflightLimits)
    document: DocumentLimits = field(default_factory=DocumentLimits)
    engine: SofficeSettings = field(default_factory=SofficeSettings)
    word: WordSettings = field(default_factory=WordSettings)
    default_engine: EngineName = "auto"

    def hard_seconds(self, *, word: bool) -> float:
        """Time for all engines one after the other, and for moving a large document about."""
        return 2 * self.document.seconds + 60 + (self.word.longest if word else 0)

    @property
    def executor_memory(self) -> int:
        """Memory for the executor's whole tree: the document's, and what the executor and a warm engine share."""
        return self.document.memory + 1_024 * MIB
