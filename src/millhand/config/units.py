"""Durations and lists as people write them: `90`, `1.5`, `30s`, `5m`, `2h`, `7d`; `mail,documents`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number means, for the reference of settings."""

    name: str


def parse_duration(text: str) -> float:
    """Seconds from text such as `90`, `1.5`, `30s`, `5m`, `2h` or `7d`; raises `ValueError`."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is no duration; write seconds, or a number with ms, s, m, h or d")
    return float(match[1]) * _SECONDS[(match[2] or "s").lower()]


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _split(value: object) -> object:
    """Text becomes a list at its commas, as environment variables and flags give it."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Seconds = Annotated[float, BeforeValidator(_duration), Field(ge=0), Unit("seconds")]
Durations = Annotated[tuple[Seconds, ...], BeforeValidator(_split), Field(min_length=1), Unit("list of seconds")]
Mebibytes = Annotated[int, Field(ge=0), Unit("MiB")]
Texts = Annotated[tuple[str, ...], BeforeValidator(_split), Unit("list of text")]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_split), Unit("list of paths")]
