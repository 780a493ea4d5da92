"""What one attempt of a kind may use: time and memory."""

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
        if self.hard <= 0 or (self.memory is not None and self.memory <= 0):
            raise ConfigError("limits must be above zero")
