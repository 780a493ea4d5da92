"""What is told of a job while it runs, as values: progress, log lines, and notices of the runtime."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How grave a log line is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an attempt is: a fraction from 0 to 1, and a few words."""

    job_id: str
    attempt: int
    at: int
    fraction: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a handler logged."""

    job_id: str
    attempt: int
    at: int
    level: Level
    text: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the runtime did to a job that its attempts do not show: a refused settlement, a cancel request."""

    job_id: str
    attempt: int
    at: int
    name: str
    text: str = ""


Event = Progress | LogLine | Notice
