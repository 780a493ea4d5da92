"""What a check found, as a value: shared by the start-up checks, readiness and `doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `id` is stable and dotted; `finding` is one sentence; `fix` says what to do, or is empty."""

    id: str
    level: Level
    finding: str
    fix: str = ""
