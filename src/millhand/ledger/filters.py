"""The language in which people say which jobs they mean: `kind:document.convert state:discarded since:2h`.

A filter is words with a field before a colon; words without one are searched in the error's text. Values with spaces
stand in double quotes. The command line, the API and the address of a dashboard page all use it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from millhand.core.clock import MICROSECONDS, as_datetime, as_instant
from millhand.core.errors import UsageError
from millhand.core.state import State

FIELDS: Mapping[str, str] = {
    "kind": "the kind, or its beginning and a star: document.*",
    "state": "one state or several with commas: discarded,retryable",
    "queue": "the queue",
    "tenant": "the tenant",
    "error": "the error's code, or words in its message",
    "fingerprint": "the failure group",
    "key": "the dedupe key",
    "parent": "the id of the job that enqueued it",
    "since": "enqueued since: 30s, 15m, 2h, 7d ago, or a date such as 2026-01-31 or 2026-01-31T18:00",
    "until": "enqueued before: as since",
}

_TERM = re.compile(r'(?:([A-Za-z_]+):)?("(?:[^"\\]|\\.)*"|\S+)')
_AGO = re.compile(r"(\d+)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPECIAL, _ESCAPED = re.compile(r'(["\\])'), r"\\\1"
_BARE = re.compile(r"[^\s\":]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are meant; every field that is set must match. `since` and `until` are instants of enqueueing."""

    kind: str | None = None
    states: frozenset[State] = frozenset()
    queue: str | None = None
    tenant: str | None = None
    error: str | None = None
    fingerprint: str | None = None
    key: str | None = None
    parent: str | None = None
    since: int | None = None
    until: int | None = None

    def __str__(self) -> str:
        """The filter in its own language; parsing it gives an equal filter."""
        state = f"state:{','.join(sorted(self.states))}" if self.states else ""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "states"}
        terms = [state, *(_term(name, value) for name, value in values.items() if value is not None)]
        return " ".join(term for term in terms if term)


def parse(text: str, now: int) -> JobFilter:
    """Read a filter; `now` is the instant that `since:2h` counts from. Raises `UsageError` for what can't be meant."""
    found = JobFilter()
    for match in _TERM.finditer(text):
        name, value = match[1], _unquoted(match[2])
        if name is None:
            found = replace(found, error=f"{found.error} {value}" if found.error else value)
        else:
            found = replace(found, **_read(name.lower(), value, now))
    return found


def instant_of(text: str, now: int) -> int:
    """Read an age such as `2h`, or a date and time (UTC unless it names its offset); raises `UsageError`."""
    if ago := _AGO.fullmatch(text):
        return now - int(ago[1]) * _SECONDS[ago[2]] * MICROSECONDS
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no time", hint="Write 30s, 15m, 2h, 7d, or 2026-01-31T18:00.") from None
    return as_instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _read(name: str, value: str, now: int) -> dict[str, Any]:
    if name not in FIELDS:
        raise UsageError(
            f"jobs can't be filtered by '{name}'",
            hint=f"Use {', '.join(FIELDS)}; put text that has a colon in double quotes.",
        )
    readers: dict[str, Callable[[], dict[str, Any]]] = {
        "state": lambda: {"states": _states(value)},
        "since": lambda: {"since": instant_of(value, now)},
        "until": lambda: {"until": instant_of(value, now)},
    }
    return readers[name]() if name in readers else {name: value}


def _states(value: str) -> frozenset[State]:
    try:
        return frozenset(State(name.strip().lower()) for name in value.split(","))
    except ValueError:
        raise UsageError(f"'{value}' is no state", hint=f"States: {', '.join(State)}.") from None


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value


def _term(name: str, value: object) -> str:
    if isinstance(value, int):
        return f"{name}:{as_datetime(value).isoformat()}"
    text = str(value)
    return f"{name}:{text}" if _BARE.fullmatch(text) else f'{name}:"{_SPECIAL.sub(_ESCAPED, text)}"'
