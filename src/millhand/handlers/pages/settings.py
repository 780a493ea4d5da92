"""What the page handlers are told: bounds for a page and a bundle, and how the engine runs."""

from dataclasses import dataclass, field

from millhand.core.limits import MIB
from millhand.engines.chromium.values import ChromiumSettings, PageLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleLimits:
    """The largest bundle that is tried: the zip's size and what it unpacks to, in bytes, and its number of files."""

    size: int = 100 * MIB
    unpacked: int = 512 * MIB
    entries: int = 10_000
    ratio: float = 200.0
    ratio_from: int = 16 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """Bounds, and the engine's own settings."""

    page: PageLimits = field(default_factory=PageLimits)
    bundle: BundleLimits = field(default_factory=BundleLimits)
    engine: ChromiumSettings = field(default_factory=ChromiumSettings)

    @property
    def hard_seconds(self) -> float:
        """Time for a page, for starting a browser before it, and for moving a large file about."""
        return self.page.seconds + self.engine.start_seconds + 60

    @property
    def executor_memory(self) -> int:
        """Memory for the executor's whole tree: the browser's, its driver's and the executor's own."""
        return self.page.memory + 1_024 * MIB
