"""What a running process tells of its health: when each of its loops last turned, and whether it can take work."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from millhand.core.finding import Finding


@dataclass(frozen=True, slots=True)
class LoopTick:
    """One loop: seconds since its last turn, and after how many of them it counts as stuck."""

    name: str
    age: float
    limit: float

    @property
    def stuck(self) -> bool:
        """Whether the loop has not turned for longer than its limit."""
        return self.age > self.limit


class HealthSource(Protocol):
    """Something whose health can be asked for."""

    def loops(self) -> Sequence[LoopTick]:
        """Every loop that should turn now."""
        ...

    def ready(self) -> Sequence[Finding]:
        """What stands for and against giving it work; it is ready if no finding is an error."""
        ...
