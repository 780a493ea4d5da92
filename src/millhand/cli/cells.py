"""Values with a meaning, and how they are written: for people (`3m ago`, `1.2 MiB`), and plain for programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import cast

from millhand.core.clock import MICROSECONDS, as_datetime

_INSTANTS = frozenset({"at", "oldest", "oldest_ready", "until"})
_KIB = 1024
_DIGITS_FROM = 10


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment: microseconds since the epoch, or None (or 0) for never."""

    value: int | None


@dataclass(frozen=True, slots=True)
class Seconds:
    """A duration, or None for unknown."""

    value: float | None


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes."""

    value: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the whole, from 0 to 1, or None for unknown."""

    value: float | None


def for_people(value: object, now: int) -> str:
    """A value as a person reads it; `now` is the instant that ages count from."""
    match value:
        case Instant(moment):
            return age(moment, now) if moment else "-"
        case Seconds(seconds):
            return "-" if seconds is None else duration(seconds)
        case Size(count):
            return size(count)
        case Share(share):
            return "-" if share is None else f"{share:.0%}"
        case int() if not isinstance(value, bool):
            return f"{value:,}"
        case _:
            return plain_text(value) or "-"


def for_programs(value: object) -> str:
    """A value as a script reads it: a time as RFC 3339, a duration in seconds, a size in bytes, nothing as nothing."""
    match value:
        case Instant(moment):
            return iso(moment) or ""
        case Seconds(number) | Share(number):
            return "" if number is None else f"{number:.6g}"
        case Size(count):
            return str(count)
        case _ if is_dataclass(value) and not isinstance(value, type):  # a bounded count: the number alone
            return plain_text(getattr(value, "value", value))
        case _:
            return plain_text(value)


def plain_text(value: object) -> str:
    """Any other value in one line without tabs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ",".join(plain_text(item) for item in cast("Sequence[object]", value))
    return " ".join(str(value).split())


def as_json(value: object, name: str = "") -> object:
    """A value of ours as a JSON value: data classes become objects, instants RFC 3339 text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name), field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value)
        return {str(key): as_json(item, str(key)) for key, item in entries.items()}
    if isinstance(value, tuple | list | frozenset):
        return [as_json(item) for item in cast("Iterable[object]", value)]
    if isinstance(value, int) and not isinstance(value, bool) and is_instant(name):
        return iso(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def as_object(value: object) -> dict[str, object]:
    """A data class or a mapping as a JSON object."""
    written = as_json(value)
    return cast("dict[str, object]", written) if isinstance(written, dict) else {"value": written}


def is_instant(name: str) -> bool:
    """Whether a field of this name holds an instant."""
    return name.endswith("_at") or name in _INSTANTS


def iso(instant: int | None) -> str | None:
    """An instant in RFC 3339, in UTC, or None for never."""
    if not instant:
        return None
    return as_datetime(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age(instant: int, now: int) -> str:
    """How long ago, or how far ahead, an instant is."""
    seconds = (now - instant) / MICROSECONDS
    return f"in {duration(-seconds)}" if seconds < 0 else f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    """A duration in one or two units: `12 ms`, `3.4 s`, `2m 05s`, `3h 20m`, `4d 1h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s" if seconds < _DIGITS_FROM else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:  # noqa: PLR2004 - a day
        return f"{hours}h {minutes:02d}m"
    return f"{hours // 24}d {hours % 24}h"


def size(count: float) -> str:
    """A number of bytes in the unit that suits it."""
    for unit in ("B", "KiB", "MiB"):
        if count < _KIB:
            return f"{count:.0f} {unit}" if unit == "B" or count >= _DIGITS_FROM else f"{count:.1f} {unit}"
        count /= _KIB
    return f"{count:.1f} GiB"
