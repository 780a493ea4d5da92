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
    """The result of one check. `id` is stable and dotted; `finding` is a sentence; `fix` is what to do, or empty."""

    id: str
    level: Level
    finding: str
    fix: str = ""


def verdict(check_id: str, level: Level, *, holds: bool, good: str, bad: str, fix: str) -> Finding:
    """All is well if it holds; else a finding of that level, with what to do."""
    return Finding(check_id, Level.OK, good) if holds else Finding(check_id, level, bad, fix)
