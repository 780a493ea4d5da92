"""What one attempt of a kind may use: time and memory."""

import math
from dataclasses import dataclass

from millhand.core.errors import ConfigError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one attempt.

    After `soft` seconds the handler is asked to stop; after `hard` seconds its executor is killed with its whole
    process tree; the same happens when that tree holds more than `memory` bytes, or (None) the worker's own limit.
    """

    soft: float | None = None
    hard: float = 600.0
    memory: int | None = None

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        if self.soft is not None and self.soft >= self.hard:
            raise ConfigError(
                f"the soft limit ({self.soft:g} s) must be below the hard limit ({self.hard:g} s)",
                hint="Lower the soft limit or raise the hard one.",
            )
        if any(limit is not None and limit <= 0 for limit in (self.soft, self.hard, self.memory)):
            raise ConfigError("limits must be above zero")
        if not math.isfinite(self.hard):
            raise ConfigError(
                "the hard limit must be a number of seconds",
                hint="Without one, a job that hangs would hold its slot for ever: choose a day, or a week.",
            )
